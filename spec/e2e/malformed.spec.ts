import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { startFakeOllama, type FakeOllama } from "../support/fake-ollama.ts";
import { openSocket, talk } from "../support/raw-client.ts";

const host = "Host: localhost\r\n";
const get = (head: string, path = "/api/version"): string => `GET ${path} HTTP/1.1\r\n${head}\r\n`;
const post = (head: string, body = "", path = "/api/chat"): string =>
  `POST ${path} HTTP/1.1\r\n${host}Content-Type: application/json\r\n${head}\r\n${body}`;
const whole = (body: string | Buffer, path = "/api/chat"): Buffer => {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(post(`Content-Length: ${bytes.length}\r\n`, "", path)), bytes]);
};
const chunked = (body: string, path = "/api/chat"): string =>
  post("Transfer-Encoding: chunked\r\n", body, path);

const chatting = '{"model":"hello","messages":[{"role":"user","content":"x"}],"stream":false}';
const chunkOf = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const withOptions = (options: string): string => chatting.replace("{", `{"options":${options},`);

/** Sent after an answer on a connection that still stands: its answer must be the next thing that comes. */
const followUp = `GET /healthz HTTP/1.1\r\n${host}X-Request-Id: follow-up\r\nConnection: close\r\n\r\n`;

/** Statuses an input may be answered with; `closed` stands for being hung up on without an answer. */
type Wanted = readonly (number | "closed")[];
type Vector = readonly [name: string, bytes: string | Buffer, wanted: Wanted];

const refused: Wanted = [400, "closed"];

/** Heads that are no single, clear request. Nothing of them may reach an upstream. */
const heads: readonly Vector[] = [
  ["two Host headers", get(`${host}Host: evil.example\r\n`), [400]],
  ["two equal Host headers", get(host + host), [400]],
  ["a comma in Host", get("Host: localhost,evil.example\r\n"), [400]],
  ["an empty Host", get("Host:\r\n"), [400]],
  ["no Host", get(""), [400]],
  ["a Host with a user", get("Host: a@localhost\r\n"), [400, 403]],
  ["a Host with a path", get("Host: localhost/x\r\n"), [400]],
  ["a Host that no URL can hold", get("Host: a|b.localhost\r\n"), [400, 403]],
  ["a Host with a port over 65535", get("Host: localhost:99999\r\n"), [400]],
  ["a foreign Host", get("Host: evil.example\r\n"), [403]],
  ["an absolute-form target", `GET http://evil.example/api/version HTTP/1.1\r\n${host}\r\n`, [400]],
  ["an absolute-form target of our own", `GET http://localhost/api/version HTTP/1.1\r\n${host}\r\n`, [400]],
  ["an authority-form target", `GET localhost:80 HTTP/1.1\r\n${host}\r\n`, [400]],
  ["an asterisk target", `OPTIONS * HTTP/1.1\r\n${host}\r\n`, [400]],
  [
    "Content-Length beside Transfer-Encoding",
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    refused,
  ],
  ["two different Content-Lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), refused],
  ["two equal Content-Lengths", post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), refused],
  ["a list of Content-Lengths", post("Content-Length: 2, 2\r\n", "{}"), refused],
  ["a negative Content-Length", post("Content-Length: -1\r\n", "{}"), refused],
  ["a plus-signed Content-Length", post("Content-Length: +2\r\n", "{}"), refused],
  ["a Content-Length that overflows", post("Content-Length: 99999999999999999999\r\n", "{}"), refused],
  ["a hexadecimal Content-Length", post("Content-Length: 0x2\r\n", "{}"), refused],
  ["an empty Content-Length", post("Content-Length:\r\n", "{}"), refused],
  ["a Content-Length over the limit", post("Content-Length: 5000000\r\n", "{}"), [413]],
  ["gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), [400, 501]],
  ["chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), [400, 501]],
  ["chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), [400, 501]],
  [
    "a vertical tab in Transfer-Encoding",
    post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    [400, 501],
  ],
  ["bare line feeds", `GET /api/version HTTP/1.1\nHost: localhost\n\n`, refused],
  ["a bare carriage return", `GET /api/version HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n`, refused],
  ["a NUL in a header", get(`${host}X-A: a\0b\r\n`), refused],
  ["a folded header", get(`${host}X-A: a\r\n b\r\n`), refused],
  ["white space before the colon", get(`Host : localhost\r\n`), refused],
  ["a header without a name", get(`${host}: x\r\n`), refused],
  ["a hundred and one headers", get(host + "X-A: b\r\n".repeat(100)), [431]],
  ["five thousand headers", get(host + "X: y\r\n".repeat(2_000)), [431]],
  ["a header over the limit", get(`${host}X-A: ${"a".repeat(20_000)}\r\n`), [431]],
  ["a target over the limit", get(host, `/${"a".repeat(20_000)}`), [414, 431]],
  ["an unknown method", `BREW /api/chat HTTP/1.1\r\n${host}\r\n`, refused],
  ["a known method nobody serves", `PROPFIND /api/chat HTTP/1.1\r\n${host}\r\n`, [405]],
  ["a lower-case method", `get /api/version HTTP/1.1\r\n${host}\r\n`, refused],
  ["TRACE", `TRACE /api/version HTTP/1.1\r\n${host}\r\n`, [400, 405]],
  ["CONNECT", `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`, [400, 405]],
  ["HTTP/0.9", "GET /api/version\r\n\r\n", refused],
  ["HTTP/1.0 without Host", "GET /api/version HTTP/1.0\r\n\r\n", [400]],
  ["HTTP/3.7", `GET /api/version HTTP/3.7\r\n${host}\r\n`, [400, 505, "closed"]],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused],
  ["a TLS client hello", Buffer.from("16030100c8010000c40303" + "ab".repeat(64), "hex"), refused],
  ["bytes without sense", Buffer.from("\x00\xff\x01\x02 nonsense \r\n\r\n", "latin1"), refused],
  ["an expectation nobody can meet", post("Expect: a-miracle\r\nContent-Length: 2\r\n", "{}"), [417]],
];

/** Bodies that are cut into chunks in ways two servers could read differently. */
const chunks: readonly Vector[] = [
  ["a chunk size that is no number", chunked("zz\r\n{}\r\n0\r\n\r\n"), refused],
  ["a negative chunk size", chunked("-1\r\n{}\r\n0\r\n\r\n"), refused],
  ["a chunk size with a prefix", chunked("0x2\r\n{}\r\n0\r\n\r\n"), refused],
  ["a chunk size that overflows", chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"), refused],
  ["a chunk longer than it says", chunked("1\r\n{}\r\n0\r\n\r\n"), refused],
  ["a chunk line ended by a bare line feed", chunked("2\n{}\r\n0\r\n\r\n"), refused],
];

/** Paths that are not as they should be written. */
const paths: readonly Vector[] = [
  ["a NUL in the path", get(host, "/api/%00version"), [400, 404]],
  ["encoded dots", get(host, "/api/blobs/%2e%2e/version"), [400, 404]],
  ["plain dots", get(host, "/api/blobs/../version"), [400, 404]],
  ["dots before a page anyone may see", get(host, "/api/stats/../../healthz"), [400, 404]],
  ["an encoded slash", get(host, "/api%2fversion"), [400, 404]],
  ["a backslash", get(host, "/api\\version"), [400, 404]],
  ["path parameters", get(host, "/api/version;x=y"), [400, 404]],
  ["capitals", get(host, "/API/version"), [404]],
  ["a doubled slash", get(host, "//api/version"), [301, 307]],
  ["a doubled slash before a foreign name", get(host, "//evil.example/api/version"), [404]],
  ["a broken escape", get(host, "/api/%zz"), [400, 404]],
  ["a broken escape in a model's name", get(host, "/v1/models/%zz"), [400, 404]],
  ["a fragment", get(host, "/api/version#x"), [400, 404]],
  ["raw bytes over 0x7f", get(host, "/api/\xff\xfe"), [400, 404]],
  ["a digest with a broken escape", whole("x", "/api/blobs/%zz"), [400]],
  ["a digest that leads elsewhere", whole("x", "/api/blobs/..%2f..%2fetc"), [400]],
  ["the profiler of Go", get(host, "/debug/pprof/"), [404]],
];

/** Bodies that are whole but not what they should be; a 400 unless Ollama itself would take them. */
const bodies: readonly Vector[] = [
  ["a body over the limit", whole(`{"model":"hello","x":"${"a".repeat(1_048_600)}"}`), [413]],
  [
    "a chunked body over the limit",
    chunked(`${chunkOf("a".repeat(700_000))}${chunkOf("a".repeat(700_000))}0\r\n\r\n`),
    [413],
  ],
  ["a million brackets", whole(withOptions(`{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}`)), [400]],
  ["a million open brackets", whole("[".repeat(1_000_000)), [400]],
  ["a third of a million empty objects", whole(`[${"{},".repeat(340_000)}{}]`), [400]],
  [
    "__proto__ keys",
    whole(withOptions('{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}')),
    [200],
  ],
  ["a header named __proto__", get(`${host}__proto__: x\r\nconstructor: y\r\n`), [200]],
  [
    "invalid UTF-8",
    whole(Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])),
    [400, 404],
  ],
  ["a lone surrogate as a model", whole('{"model":"\\ud800","messages":[]}'), [400]],
  ["a lone surrogate as a model to pull", whole('{"model":"\\ud800"}', "/api/pull"), [400]],
  [
    "a lone surrogate as a model to push",
    whole('{"model":"\\ud800","stream":false}', "/api/push"),
    [200, 400],
  ],
  ["a lone surrogate as a model to show", whole('{"model":"\\ud800"}', "/api/show"), [400, 404]],
  [
    "a lone surrogate as a model to delete",
    Buffer.from(whole('{"model":"\\ud800"}', "/api/delete").toString().replace("POST", "DELETE")),
    [400, 404],
  ],
  [
    "a line break in a model's name",
    whole('{"model":"a\\r\\nX-Evil: 1","stream":false}', "/api/push"),
    [200, 400],
  ],
  ["a number over all bounds", whole(withOptions('{"temperature":1e400}')), [200, 400]],
  ["a NUL in a string", whole(chatting.replace('"x"', '"\\u0000"')), [200]],
  ["nothing", post("Content-Length: 0\r\n"), [400]],
  ["a byte-order mark", whole(`\ufeff${chatting}`), [400]],
  [
    "what claims to be zstd and is not",
    post(`Content-Encoding: zstd\r\nContent-Length: 2\r\n`, "{}", "/v1/chat/completions"),
    [400],
  ],
  ["a form that is none", post("Content-Length: 2\r\n", "{}", "/v1/audio/transcriptions"), [400]],
];

/** Unusual but clear: served as any other request. */
const odd: readonly Vector[] = [
  [
    "Upgrade: h2c",
    get(`${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n`),
    [200],
  ],
  ["Upgrade: websocket", get(`${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`), [200]],
  ["HTTP/1.0 with Host", `GET /api/version HTTP/1.0\r\n${host}\r\n`, [200]],
  ["an empty line before the request", `\r\n${get(host)}`, [200]],
  [
    "a chunked body with extensions and trailers",
    chunked(`${chunkOf(chatting).replace("\r\n", ";a=b\r\n")}0\r\nX-T: y\r\n\r\n`),
    [200],
  ],
  [
    "Expect: 100-continue",
    post(`Expect: 100-continue\r\nContent-Length: ${chatting.length}\r\n`, chatting),
    [200],
  ],
  ["a body after a GET", get(`${host}Content-Length: 2\r\n`).concat("{}"), [200]],
];

describe("bytes that are no clear request", () => {
  let ollama: FakeOllama;
  let daemon: SpawnedDaemon;

  beforeAll(async () => {
    ollama = await startFakeOllama();
    daemon = await spawnDaemon(["--upstream", ollama.url], {
      CHASQUI_SERVER_BODY_LIMIT: "1MiB",
      CHASQUI_SERVER_HEADER_TIMEOUT: "300ms",
      CHASQUI_SERVER_BODY_IDLE_TIMEOUT: "300ms",
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await ollama.stop();
  });

  let outputSeen = 0;
  beforeEach(() => {
    outputSeen = daemon.output().length;
  });

  /** Nothing is left behind: the process lives, nothing hangs, the next request is answered, no bug was logged. */
  const expectWell = async (): Promise<void> => {
    expect(daemon.child.exitCode).toBeNull();
    await eventually(async () => {
      const { requests } = (await (await fetch(`${daemon.url}/api/stats`)).json()) as Stats;
      return requests.in_flight === 1;
    }, "nothing but the request for statistics is in flight");
    const answer = await fetch(`${daemon.url}/api/chat`, { method: "POST", body: chatting });
    expect(answer.status).toBe(200);
    const output = daemon.output().slice(outputSeen);
    outputSeen += output.length;
    expect(output).not.toContain('"level":"error"');
  };

  const tell = async (bytes: string | Buffer): Promise<{ got: number | "closed"; strays: number }> => {
    const { answers, closed, rest } = await talk(daemon.port, bytes, { followUp });
    const own = answers.filter((one) => one.headers["x-chasqui-request-id"] !== "follow-up");
    expect(closed, "the connection ends").toBe(true);
    expect(rest.toString("latin1"), "nothing but whole answers comes").toBe("");
    return { got: own[0]?.status ?? "closed", strays: Math.max(0, own.length - 1) };
  };

  it.each(heads)("refuses %s, forwards nothing and lives on", async (_name, bytes, wanted) => {
    const before = ollama.calls.length;

    const { got, strays } = await tell(bytes);

    expect(wanted).toContain(got);
    expect(strays).toBe(0);
    expect(ollama.calls.length).toBe(before);
    await expectWell();
  });

  it.each(chunks)("refuses %s, forwards nothing and lives on", async (_name, bytes, wanted) => {
    const before = ollama.calls.length;

    const { got, strays } = await tell(bytes);

    expect(wanted).toContain(got);
    expect(strays).toBe(0);
    expect(ollama.calls.length).toBe(before);
    await expectWell();
  });

  it.each(paths)("answers %s in the path without asking an upstream", async (_name, bytes, wanted) => {
    const before = ollama.calls.length;

    const { got, strays } = await tell(bytes);

    expect(wanted).toContain(got);
    expect(strays).toBe(0);
    expect(ollama.calls.length).toBe(before);
    await expectWell();
  });

  it.each(bodies)("answers a body of %s and lives on", async (_name, bytes, wanted) => {
    const { got, strays } = await tell(bytes);

    expect(wanted).toContain(got);
    expect(strays).toBe(0);
    await expectWell();
  });

  it.each(odd)("serves %s", async (_name, bytes, wanted) => {
    const { got, strays } = await tell(bytes);

    expect(wanted).toContain(got);
    expect(strays).toBe(0);
    await expectWell();
  });

  it.each([
    ["half a request line", "GET /api/ver"],
    ["half a head", `POST /api/chat HTTP/1.1\r\n${host}Content-Le`],
    ["half a body", post("Content-Length: 100\r\n", '{"model":')],
    ["half a chunk", chunked('40\r\n{"model"')],
    ["nothing at all", ""],
  ])("forgets a client that leaves after %s", async (_name, bytes) => {
    const { answers } = await talk(daemon.port, bytes, { leave: true });

    expect(answers.filter((one) => one.status < 400)).toEqual([]);
    await expectWell();
  });

  it.each([
    ["half a request line", "GET /api/ver", [408]],
    ["half a head", `POST /api/chat HTTP/1.1\r\n${host}Content-Le`, [408]],
    ["half a body", post("Content-Length: 100\r\n", '{"model":'), [408]],
    ["half a chunk", chunked('40\r\n{"model"'), [408]],
    ["nothing at all", "", [408, "closed"]],
    ["half a body nobody reads", get(`${host}Content-Length: 100\r\n`).concat("{"), [200, 400]],
  ] satisfies [string, string, Wanted][])(
    "hangs up on a client that stays silent after %s",
    async (_name, bytes, wanted) => {
      const { answers, closed } = await talk(daemon.port, bytes);

      expect(closed).toBe(true);
      expect(answers).toHaveLength(wanted.includes("closed") ? answers.length : 1);
      expect(wanted).toContain(answers[0]?.status ?? "closed");
      await expectWell();
    },
  );

  it("answers a good request that is followed by a bad one once, with its own answer or none", async () => {
    const good = get(`${host}X-Request-Id: good\r\n`, "/api/stats");

    const { answers, closed } = await talk(daemon.port, `${good}NONSENSE\r\n\r\n`);

    expect(closed).toBe(true);
    expect(
      answers.filter((one) => one.headers["x-chasqui-request-id"] === "good").length,
    ).toBeLessThanOrEqual(1);
    if (answers[0] !== undefined) expect(answers[0].status).toBe(200);
    await expectWell();
  });

  it("answers pipelined requests in their order", async () => {
    const ids = ["a", "b", "c", "d"];
    const requests = ids.map((id) =>
      id === "b"
        ? post(`X-Request-Id: b\r\nContent-Length: ${chatting.length}\r\n`, chatting)
        : get(`${host}X-Request-Id: ${id}\r\n${id === "d" ? "Connection: close\r\n" : ""}`),
    );

    const { answers } = await talk(daemon.port, requests.join(""));

    expect(answers.map((one) => one.headers["x-chasqui-request-id"])).toEqual(ids);
    await expectWell();
  });

  it("forgets all of the pipelined requests of a client that leaves", async () => {
    const endless = '{"model":"endless","messages":[{"role":"user","content":"x"}]}';
    const first = post(`Content-Length: ${endless.length}\r\n`, endless);
    const socket = await openSocket(daemon.port);
    const begun = new Promise((resolve) => socket.once("data", resolve));
    socket.write(first + get(host).repeat(5));
    await begun;

    socket.destroy();

    await expectWell();
  });

  it("has not let anything leak into every object", async () => {
    const answer = (await (await fetch(`${daemon.url}/api/stats`)).json()) as Record<string, unknown>;

    expect(answer.admin).toBeUndefined();
    expect(Object.keys(answer)).not.toContain("__proto__");
    await expectWell();
  });
});

interface Stats {
  readonly requests: { readonly in_flight: number };
}
