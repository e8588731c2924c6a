import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeOllama, type FakeOllama } from "../support/fake-ollama.ts";
import { openSocket, talk, type RawAnswer } from "../support/raw-client.ts";

const yamlFor = (upstream: string, rest = ""): string => `upstreams:\n  - url: ${upstream}\n${rest}`;

/** One request over a connection of its own, headers exactly as given. */
async function ask(port: number, head: string, body = ""): Promise<RawAnswer | undefined> {
  const { answers } = await talk(port, `${head}\r\nConnection: close\r\n\r\n${body}`);
  return answers[0];
}

describe("the guard", () => {
  let ollama: FakeOllama;
  let running: RunningDaemon;

  beforeAll(async () => {
    ollama = await startFakeOllama();
    running = await startDaemon(
      yamlFor(ollama.url, "server:\n  allowed_hosts: [chat.example]\n  origins: ['https://*.example']\n"),
      { OLLAMA_ORIGINS: "https://added.test, http://10.0.0.*" },
    );
  });
  afterAll(async () => {
    await running.stop();
    await ollama.stop();
  });

  it.each([
    ["localhost", 200],
    ["localhost:5732", 200],
    ["LOCALHOST", 200],
    ["LocalHost:80", 200],
    ["localhost.", 200],
    ["chat.localhost", 200],
    ["a.b.localhost:1", 200],
    ["127.0.0.1", 200],
    ["127.0.0.1:11434", 200],
    ["127.0.0.1.", 200],
    ["127.255.0.9", 200],
    ["0.0.0.0", 200],
    ["10.1.2.3", 200],
    ["172.16.0.1:80", 200],
    ["192.168.1.20", 200],
    ["169.254.1.1", 200],
    ["[::1]", 200],
    ["[::1]:5732", 200],
    ["[fe80::1]", 200],
    ["[fd00::1]", 200],
    ["[::ffff:127.0.0.1]", 200],
    [hostname(), 200],
    [`${hostname().toUpperCase()}:80`, 200],
    ["chat.example", 200],
    ["CHAT.example.:443", 200],
    ["chat.example.evil", 403],
    ["evil.chat.example", 403],
    ["evil.example", 403],
    ["evil.example:5732", 403],
    ["127.0.0.1.evil.example", 403],
    ["127.0.0.1.evil", 403],
    ["localhost.evil.example", 403],
    ["notlocalhost", 403],
    ["evil-localhost", 403],
    ["8.8.8.8", 403],
    ["172.32.0.1", 403],
    ["[2001:db8::1]", 403],
    ["[::ffff:8.8.8.8]", 403],
    ["2130706433", 403],
    ["0x7f000001", 403],
    ["127.1", 403],
    ["a@localhost", 400],
    ["localhost:80:80", 400],
    ["localhost:", 400],
    ["localhost:x", 400],
    ["::1", 400],
    ["[::1", 400],
    ["localhost evil", 400],
    ["localhost\tevil", 400],
  ])("answers Host %j with %i", async (host, status) => {
    const answer = await ask(running.port, `GET /api/tags HTTP/1.1\r\nHost: ${host}`);

    expect(answer?.status).toBe(status);
    if (status === 403) expect(answer?.body.length).toBe(0);
  });

  it.each(["/", "/healthz", "/readyz", "/api/stats", "/v1/models", "/nothing"])(
    "refuses a foreign Host at %s too",
    async (path) => {
      expect((await ask(running.port, `GET ${path} HTTP/1.1\r\nHost: evil.example`))?.status).toBe(403);
    },
  );

  it.each([
    ["http://localhost:3000", 200],
    ["https://localhost:8443", 200],
    ["http://127.0.0.1:8080", 200],
    ["https://0.0.0.0:1", 200],
    ["app://obsidian.md", 200],
    ["tauri://localhost", 200],
    ["vscode-webview://abc", 200],
    ["file://x", 200],
    ["https://deep.chat.example", 200],
    ["https://added.test", 200],
    ["http://10.0.0.7", 200],
    ["null", 403],
    ["*", 403],
    ["https://evil.test", 403],
    ["http://localhost.evil.test", 403],
    ["http://localhost@evil.test", 403],
    ["https://added.test.evil", 403],
    ["http://added.test", 403],
    ["https://example", 403],
  ])("answers Origin %s with %i", async (origin, status) => {
    const before = ollama.calls.length;

    const answer = await ask(
      running.port,
      `POST /api/show HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\nContent-Length: 17`,
      '{"model":"hello"}',
    );

    expect(answer?.status).toBe(status);
    expect(answer?.headers["access-control-allow-origin"]).toBe(status === 200 ? origin : undefined);
    expect(answer?.headers["access-control-allow-credentials"]).toBeUndefined();
    if (status === 200) expect(answer?.headers.vary).toContain("Origin");
    else {
      expect(answer?.body.length).toBe(0);
      expect(ollama.calls.length).toBe(before);
    }
  });

  it("takes a page of its own origin without saying anything of origins", async () => {
    const answer = await ask(
      running.port,
      "GET /api/version HTTP/1.1\r\nHost: 10.9.8.7:5732\r\nOrigin: http://10.9.8.7:5732",
    );

    expect(answer?.status).toBe(200);
    expect(answer?.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it.each([
    ["/api/chat", "POST"],
    ["/api/tags", "HEAD, GET"],
    ["/v1/models/a", "GET"],
    ["/nothing", undefined],
  ])("answers a preflight at %s, allowing %s", async (path, allow) => {
    const answer = await ask(
      running.port,
      `OPTIONS ${path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,x-api-key`,
    );

    expect(answer?.status).toBe(204);
    expect(answer?.headers.allow).toBe(allow);
    expect(answer?.headers["access-control-allow-methods"]).toContain("POST");
    expect(answer?.headers["access-control-allow-headers"]?.toLowerCase()).toContain("x-api-key");
  });

  it("refuses the preflight of a foreign page", async () => {
    const answer = await ask(
      running.port,
      "OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test",
    );

    expect(answer?.status).toBe(403);
  });
});

describe("a lone * among the origins", () => {
  it("lets every page in without naming one, and without credentials", async () => {
    const running = await startDaemon("demo: on\nserver:\n  origins: ['*']\n");

    const answer = await ask(
      running.port,
      "GET /api/version HTTP/1.1\r\nHost: localhost\r\nOrigin: https://any.test",
    );
    await running.stop();

    expect(answer?.status).toBe(200);
    expect(answer?.headers["access-control-allow-origin"]).toBe("*");
    expect(answer?.headers["access-control-allow-credentials"]).toBeUndefined();
  });
});

describe("slow clients", () => {
  let running: RunningDaemon;

  beforeAll(async () => {
    running = await startDaemon(
      "demo: on\nserver:\n  header_timeout: 300ms\n  body_idle_timeout: 300ms\n  body_timeout: 600ms\n",
    );
  });
  afterAll(() => running.stop());

  it.each([
    ["a head", "GET /api/version HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n"],
    [
      "a body that is read",
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
      "{",
    ],
    [
      "a chunked body that is read",
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
      "1\r\n{\r\n",
    ],
    [
      "a body of a page that reads none",
      "GET /api/tags HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
      "{",
    ],
    [
      "a body to a path that is not there",
      "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
      "{",
    ],
    [
      "a body with a foreign Host",
      "POST /api/chat HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n",
      "{",
    ],
    [
      "a body with a foreign Origin",
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.test\r\nContent-Length: 100000\r\n\r\n",
      "{",
    ],
  ])("are hung up on when they dribble %s", async (_name, head, drop) => {
    const socket = await openSocket(running.port);
    let closed = false;
    socket.once("close", () => (closed = true));
    socket.resume();
    socket.write(head);
    const dribble = setInterval(() => socket.write(drop), 50);

    try {
      await eventually(() => closed, "the connection is closed", 4_000);
    } finally {
      clearInterval(dribble);
      socket.destroy();
    }

    await eventually(() => running.daemon.exchanges.size === 0, "no request is left");
  });
});

describe("the limit of a body", () => {
  const limit = 10_240;
  let ollama: FakeOllama;
  let running: RunningDaemon;

  beforeAll(async () => {
    ollama = await startFakeOllama();
    running = await startDaemon(yamlFor(ollama.url, "server:\n  body_limit: 10KiB\n"));
  });
  afterAll(async () => {
    await running.stop();
    await ollama.stop();
  });

  const bodyOf = (length: number): string => {
    const frame = '{"model":"hello","stream":false,"messages":[{"role":"user","content":""}]}';
    return frame.replace('""', `"${"a".repeat(length - frame.length)}"`);
  };

  it.each([
    [limit - 1, "Content-Length", 200],
    [limit, "Content-Length", 200],
    [limit + 1, "Content-Length", 413],
    [limit - 1, "chunks", 200],
    [limit, "chunks", 200],
    [limit + 1, "chunks", 413],
    [limit + 900_000, "Content-Length", 413],
    [limit + 900_000, "chunks", 413],
  ])("counts %i bytes by %s as %i", async (length, framing, status) => {
    const body = bodyOf(length);
    const head = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\n";
    const half = body.length >> 1;
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

    const answer =
      framing === "chunks"
        ? await ask(
            running.port,
            `${head}Transfer-Encoding: chunked`,
            `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`,
          )
        : await ask(running.port, `${head}Content-Length: ${length}`, body);

    expect(answer?.status).toBe(status);
    if (status === 413) expect(JSON.parse(answer?.body.toString() ?? "")).toHaveProperty("error");
  });

  it("is told of a length over the limit before any of the body is sent", async () => {
    const { answers } = await talk(
      running.port,
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
    );

    expect(answers.map((one) => one.status)).toEqual([413]);
  });
});

describe("an upload", () => {
  it.each([0, 10, 70_000, 1_000_000])("of %i bytes arrives whole", async (length) => {
    const ollama = await startFakeOllama();
    const running = await startDaemon(yamlFor(ollama.url));
    const content = Buffer.alloc(length, "llama");
    ollama.release();

    const answer = await fetch(`${running.url}/api/blobs/sha256:${"0".repeat(64)}`, {
      method: "POST",
      body: content,
    });

    expect(ollama.upload).toEqual({
      bytes: length,
      sha256: createHash("sha256").update(content).digest("hex"),
    });
    expect(answer.status).toBe(201);
    await running.stop();
    await ollama.stop();
  });

  it("is held back while the upstream does not read, and arrives whole when it does", async () => {
    const ollama = await startFakeOllama();
    const running = await startDaemon(yamlFor(ollama.url));
    const socket = await openSocket(running.port);
    const piece = Buffer.alloc(65_536, "x");
    const pieces = 1_600;
    const digest = createHash("sha256");
    const head = `POST /api/blobs/sha256:${"0".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`;
    let sent = 0;
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    const send = (): void => {
      while (sent < pieces) {
        sent += 1;
        digest.update(piece);
        socket.write(`${piece.length.toString(16)}\r\n`);
        socket.write(piece);
        if (!socket.write("\r\n")) return void socket.once("drain", send);
      }
      socket.write("0\r\n\r\n");
    };
    socket.write(head);
    send();
    await eventually(
      () => ollama.calls.some((call) => call.method === "POST"),
      "the upload reached the upstream",
    );
    let before = -1;
    let still = 0;
    await eventually(() => {
      still = sent === before ? still + 1 : 0;
      before = sent;
      return still > 20;
    }, "the client is held back");

    const heldBack = sent;
    ollama.release();
    await eventually(() => ollama.upload !== undefined, "the upload is whole", 15_000);

    expect(heldBack).toBeLessThan(pieces / 2);
    expect(ollama.upload).toEqual({ bytes: pieces * piece.length, sha256: digest.digest("hex") });
    await eventually(() => answer.startsWith("HTTP/1.1 201 "), "the client is told");
    socket.destroy();
    await running.stop();
    await ollama.stop();
  });
});

describe("API keys", () => {
  const plain = "plain-key-canary";
  const admin = "admin-key-canary";
  const hash = createHash("sha256").update(plain).digest("hex");
  let ollama: FakeOllama;
  let running: RunningDaemon;

  beforeAll(async () => {
    ollama = await startFakeOllama();
    running = await startDaemon(
      yamlFor(
        ollama.url,
        `api_keys:\n  - {name: plain, sha256: ${hash}}\n  - {name: root, key: ${admin}, admin: true}\n`,
      ),
    );
  });
  afterAll(async () => {
    await running.stop();
    await ollama.stop();
  });

  const showing = '{"model":"hello"}';
  const show = (headers: string): Promise<RawAnswer | undefined> =>
    ask(
      running.port,
      `POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${showing.length}${headers}`,
      showing,
    );

  it.each([
    ["no key", "", 401],
    ["a key as Bearer", `\r\nAuthorization: Bearer ${plain}`, 200],
    ["a key as bearer in small letters", `\r\nauthorization: bearer ${plain}`, 200],
    ["a key as x-api-key", `\r\nX-Api-Key: ${plain}`, 200],
    ["the same key both ways", `\r\nAuthorization: Bearer ${plain}\r\nx-api-key: ${plain}`, 200],
    ["two keys", `\r\nAuthorization: Bearer ${plain}\r\nx-api-key: ${admin}`, 400],
    ["a good and a bad key", `\r\nAuthorization: Bearer ${plain}\r\nx-api-key: wrong`, 400],
    ["two keys in one header", `\r\nAuthorization: Bearer wrong\r\nAuthorization: Bearer ${plain}`, 400],
    [
      "two keys in one header, the good one first",
      `\r\nAuthorization: Bearer ${plain}\r\nAuthorization: Bearer wrong`,
      400,
    ],
    ["two keys as x-api-key", `\r\nx-api-key: ${plain}\r\nx-api-key: wrong`, 400],
    ["a wrong key", "\r\nAuthorization: Bearer wrong", 401],
    ["an empty Bearer", "\r\nAuthorization: Bearer ", 401],
    ["the hash of a key", `\r\nAuthorization: Bearer ${hash}`, 401],
    ["the name of a key", "\r\nAuthorization: Bearer plain", 401],
    ["a key as Basic", `\r\nAuthorization: Basic ${Buffer.from(`a:${plain}`).toString("base64")}`, 401],
    ["a key with more behind it", `\r\nAuthorization: Bearer ${plain}x`, 401],
    ["a key in other letters", `\r\nAuthorization: Bearer ${plain.toUpperCase()}`, 401],
  ])("answer %s", async (_name, headers, status) => {
    const before = ollama.calls.length;

    const answer = await show(headers);

    expect(answer?.status === 400 || answer?.status === 401 ? answer.status : 200).toBe(status);
    if (status !== 200) expect(ollama.calls.length).toBe(before);
    if (status === 401) expect(answer?.headers["www-authenticate"]).toBe("Bearer");
    expect(answer?.body.toString()).not.toContain("canary");
  });

  it("refuse a wrong key before any of the body is sent", async () => {
    const { answers } = await talk(
      running.port,
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\nContent-Length: 50000000\r\n\r\n",
    );

    expect(answers.map((one) => one.status)).toEqual([401]);
  });

  it.each([
    ["POST", "/api/pull"],
    ["POST", "/api/push"],
    ["POST", "/api/create"],
    ["POST", "/api/copy"],
    ["DELETE", "/api/delete"],
    ["POST", `/api/blobs/sha256:${"0".repeat(64)}`],
    ["HEAD", `/api/blobs/sha256:${"0".repeat(64)}`],
    ["POST", "/api/me"],
    ["POST", "/api/signout"],
    ["DELETE", "/api/user/keys/abc"],
  ])("let only admins use %s %s", async (method, path) => {
    const before = ollama.calls.length;
    const asked = (key: string): Promise<RawAnswer | undefined> =>
      ask(
        running.port,
        `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${key}\r\nContent-Length: 0`,
      );

    const refusal = await asked(plain);

    expect(refusal?.status).toBe(403);
    expect(ollama.calls.length).toBe(before);
    ollama.release();
    expect((await asked(admin))?.status).not.toBe(403);
  });

  it.each([
    ["GET", "/api/usage", "may not see what calls used and cost"],
    ["GET", "/api/cache", "may not see the cache"],
    ["DELETE", "/api/cache", "may not empty the cache"],
    ["GET", "/api/cache/stats", "may not see the cache"],
    ["POST", "/api/cache/backup", "may not care for the cache"],
    ["GET", "/api/decisions", "may not see how calls were routed"],
    ["POST", "/api/signout", "may not use the account"],
    ["POST", "/api/pull", "may not change models"],
  ])("say what only admins may do at %s %s", async (method, path, text) => {
    const answer = await ask(
      running.port,
      `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${plain}\r\nContent-Length: 0`,
    );

    expect(answer?.status).toBe(403);
    expect(answer?.body.toString()).toContain(`this API key ${text}: set admin: true`);
  });

  it.each(["/", "/healthz", "/readyz"])("are not needed for %s", async (path) => {
    expect((await ask(running.port, `GET ${path} HTTP/1.1\r\nHost: localhost`))?.status).toBe(200);
  });

  it.each([
    "/api/stats",
    "/api/tags",
    "/api/ps",
    "/api/version",
    "/v1/models",
    "/v1/models/hello",
    "/api/status",
  ])("are needed for %s", async (path) => {
    expect((await ask(running.port, `GET ${path} HTTP/1.1\r\nHost: localhost`))?.status).toBe(401);
  });

  it("never reach an upstream, nor the log", async () => {
    await show(`\r\nAuthorization: Bearer ${plain}\r\nCookie: canary=1\r\nX-Forwarded-For: 1.2.3.4`);

    const sent = ollama.calls.findLast((call) => call.path === "/api/show");

    expect(sent).toBeDefined();
    expect(JSON.stringify(sent?.headers)).not.toContain("canary");
    expect(sent?.headers["x-forwarded-for"]).toBeUndefined();
    expect(JSON.stringify(running.lines)).not.toContain("canary");
  });
});
