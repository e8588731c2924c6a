import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAbort } from "../../../src/lib/abort.ts";
import { systemClock, type Clock } from "../../../src/lib/time.ts";
import { createPageFetcher, type Page, type PageLimits } from "../../../src/search/fetch/fetch.ts";
import { eventually } from "../../support/daemon.ts";
import { createFakeClock, pass } from "../../support/fake-clock.ts";
import { goodAddress, startPageServer, type PageServer } from "./page-server.ts";

const ends: (() => unknown)[] = [];
let server: PageServer;
let answer: RequestListener;

beforeEach(async () => {
  server = await startPageServer((request, response) => answer(request, response));
  ends.push(() => server.close());
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function createFetcher({
  clock = systemClock,
  limits,
  port = server.port,
}: {
  clock?: Clock;
  limits?: Partial<PageLimits>;
  port?: number;
} = {}) {
  const fetcher = createPageFetcher(
    { hostsRefused: [], portsAllowed: [port], limits },
    {
      clock,
      isAllowed: (address) => address === goodAddress,
      lookup: () => Promise.resolve([{ address: goodAddress, family: 4 }]),
    },
  );
  ends.push(() => fetcher.close());
  return {
    get: (path = "/", signal = createAbort().signal, host = goodAddress) =>
      fetcher.fetch(`http://${host}:${port}${path}`, signal),
    close: () => fetcher.close(),
  };
}

const send =
  (body: string | Uint8Array, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { "content-type": "text/html", ...headers }).end(body);

const textOf = (page: Page | { fault: string }): string =>
  "text" in page ? page.text : `fault: ${page.fault}`;

describe("a page", () => {
  it("is asked for with nothing of anyone's in the request", async () => {
    answer = send("<title>A page</title><p>Some text", { "set-cookie": "a=b" });
    const { get } = createFetcher();
    const page = await get("/some/path?q=1#part");
    await get("/again");

    expect(page).toEqual({
      url: `http://${goodAddress}:${server.port}/some/path?q=1`,
      title: "A page",
      text: "Some text",
      publishedMs: undefined,
      language: undefined,
    });
    for (const { method, headers } of server.requests) {
      expect(method).toBe("GET");
      expect(headers).toEqual({
        host: `${goodAddress}:${server.port}`,
        connection: "close",
        "user-agent": "Mozilla/5.0 (compatible; Chasqui; page fetch for a user)",
        accept: expect.any(String),
        "accept-encoding": "gzip, br, identity",
      });
    }
    expect(server.requests.map(({ url }) => url)).toEqual(["/some/path?q=1", "/again"]);
  });

  it("comes with its date and language", async () => {
    answer = send(
      '<html lang="de-AT"><title>T</title><meta property="article:published_time" content="2025-11-02T10:00:00Z"><p>Text',
    );

    expect(await createFetcher().get()).toMatchObject({
      publishedMs: Date.UTC(2025, 10, 2, 10),
      language: "de",
    });
  });

  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["br", brotliCompressSync],
    ["identity", (body: Uint8Array) => body],
    ["GZIP", gzipSync],
  ])("may come in %s", async (encoding, encode) => {
    answer = send(encode(Buffer.from("<p>The text")), { "content-encoding": encoding });

    expect(textOf(await createFetcher().get())).toBe("The text");
  });

  it.each([
    ["latin letters by the header", "text/html; charset=iso-8859-1", Buffer.from("<p>caf\u00e9", "latin1")],
    [
      "quotes round the header's charset",
      'text/html; charset="windows-1252"',
      Buffer.from("<p>caf\u00e9", "latin1"),
    ],
    ["a byte order mark above the header", "text/html; charset=iso-8859-1", Buffer.from("\uFEFF<p>café")],
    ["UTF-16 by its mark", "text/html", Buffer.from("\uFEFF<p>café", "utf16le")],
    ["the page's own word", "text/html", Buffer.from('<meta charset="latin1"><p>caf\u00e9', "latin1")],
    [
      "the page's own longer word",
      "text/html",
      Buffer.from(
        '<meta http-equiv="content-type" content="text/html; charset=windows-1252"><p>caf\u00e9',
        "latin1",
      ),
    ],
    [
      "the header above the page's word",
      "text/html; charset=utf-8",
      Buffer.from('<meta charset="latin1"><p>café'),
    ],
    ["UTF-8 without any word", "text/html", Buffer.from("<p>café")],
    ["UTF-8 for a charset that nobody knows", "text/html; charset=klingon", Buffer.from("<p>café")],
    [
      "Japanese",
      "text/html; charset=shift_jis",
      Buffer.from([0x3c, 0x70, 0x3e, 0x63, 0x61, 0x66, 0x83, 0xbf]),
    ],
  ])("is read with %s", async (what, type, body) => {
    answer = send(body, { "content-type": type });

    expect(textOf(await createFetcher().get())).toBe(what === "Japanese" ? "cafα" : "café");
  });

  it.each([
    ["text/plain", "a < b & c", "a < b & c"],
    ["text/markdown; charset=utf-8", "# Head\n\nText", "# Head\nText"],
    ["application/json", '{"a": "b"}', '{"a": "b"}'],
    ["application/xhtml+xml", "<html><body><p>Text</p></body></html>", "Text"],
    ["text/plain", "<!doctype html><p>Text<p hidden>secret", "Text"],
    ["text/plain", "  <!-- x --><html><p>Text<script>secret</script>", "Text"],
    ["", "<html><p>Text", "Text"],
    ["", "plain text", "plain text"],
    [
      "application/rss+xml",
      "<?xml version='1.0'?><rss><channel><title>News</title><item><title>One</title><description><![CDATA[<p>First<script>x</script></p>]]></description></item><item><description>&lt;p&gt;Second &amp;amp; more&lt;/p&gt;</description></item></channel></rss>",
      "News\nOne\nFirst\nSecond & more",
    ],
  ])("may be %s", async (type, body, text) => {
    answer = (_request, response) => {
      response.writeHead(200, type === "" ? {} : { "content-type": type }).end(body);
    };

    expect(textOf(await createFetcher().get())).toBe(text);
  });

  it("is cut at 40,000 letters, never in the middle of one", async () => {
    answer = send(`<p>a${"😀".repeat(30_000)}`);
    const text = textOf(await createFetcher().get());

    expect(text).toHaveLength(39_999);
    expect(text.endsWith("😀")).toBe(true);
  });
});

describe("what is no page", () => {
  it.each([
    ["application/pdf", "%PDF-1.7"],
    ["image/png", "x"],
    ["application/octet-stream", "x"],
    ["video/mp4", "x"],
    ["application/zip", "x"],
    ["text/css", "x"],
    ["text/html", "%PDF-1.7 and more"],
    ["text/plain", "PK\u0003\u0004"],
    ["text/html", "<p>a\u0000b"],
    ["", "\u0000\u0001\u0002"],
  ])("is refused as %s: %j", async (type, body) => {
    answer = (_request, response) => {
      response.writeHead(200, type === "" ? {} : { "content-type": type }).end(body);
    };

    expect(await createFetcher().get()).toEqual({ fault: "it is neither a page nor text" });
  });

  it("is refused before its body is read", async () => {
    let isGone = false;
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4" }).write("x");
      response.on("close", () => (isGone = true));
    };

    expect(await createFetcher().get()).toEqual({ fault: "it is neither a page nor text" });
    await eventually(() => isGone, "the connection is closed");
  });

  it.each([204, 206, 304, 401, 403, 404, 410, 429, 500, 503])(
    "is an answer with status %i",
    async (status) => {
      answer = (_request, response) => void response.writeHead(status, { "content-type": "text/html" }).end();

      expect(await createFetcher().get()).toEqual({ fault: `it answered with HTTP ${status}` });
    },
  );

  it.each([
    ["deflate", deflateSync(Buffer.from("<p>text"))],
    ["zstd", Buffer.from("x")],
    ["gzip, gzip", gzipSync(gzipSync(Buffer.from("<p>text")))],
    ["gzip, br", Buffer.from("x")],
    ["compress", Buffer.from("x")],
  ])("is a body in %s", async (encoding, body) => {
    answer = send(body, { "content-encoding": encoding });

    expect(await createFetcher().get()).toEqual({ fault: "it is encoded in a way that was not asked for" });
  });

  it.each([
    ["gzip that is none", Buffer.from("<p>text"), "gzip"],
    ["gzip that breaks off", gzipSync(Buffer.from("<p>text".repeat(99))).subarray(0, 30), "gzip"],
    ["brotli that is none", Buffer.from("\u00ff\u00ff\u00ff\u00ff"), "br"],
  ])("is %s", async (_what, body, encoding) => {
    answer = send(body, { "content-encoding": encoding });

    expect(await createFetcher().get()).toEqual({ fault: "the server broke off its answer" });
  });

  it("is a page without text", async () => {
    answer = send("<script>x</script>");

    expect(await createFetcher().get()).toEqual({ fault: "there is no text on the page" });
  });
});

describe("a server that means harm", () => {
  it.each([
    ["gzip", gzipSync(Buffer.alloc(50_000_000, "a"))],
    ["br", brotliCompressSync(Buffer.alloc(50_000_000, "a"))],
    [
      "gzip in many parts",
      Buffer.concat(Array.from({ length: 2_000 }, () => gzipSync(Buffer.alloc(20_000, "a")))),
    ],
  ])("sends a bomb of %s", async (encoding, bomb) => {
    answer = send(bomb, { "content-encoding": encoding.split(" ")[0] ?? "" });

    expect(await createFetcher().get()).toEqual({
      fault: expect.stringMatching(/^the page (?:grows too much when it is decoded|is too large)$/),
    });
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("sends a page of %s that is small enough and yet grows too much", async (encoding, encode) => {
    answer = send(encode(Buffer.alloc(1_000_000, "a")), { "content-encoding": encoding });

    expect(await createFetcher().get()).toEqual({ fault: "the page grows too much when it is decoded" });
  });

  it("sends a large page in few bytes that grow just little enough", async () => {
    const line = Array.from({ length: 300 }, (_, index) => `${index * 7919} `).join("");
    answer = send(gzipSync(Buffer.from(line.repeat(1_500))), { "content-encoding": "gzip" });
    const { get } = createFetcher({ limits: { ratioMax: 100_000 } });

    expect(await get()).toEqual({ fault: "the page is too large" });
  });

  it("sends without end", async () => {
    let sentBytes = 0;
    let isGone = false;
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.on("close", () => (isGone = true));
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536))) sentBytes += 65_536;
      };
      response.on("drain", more);
      more();
    };

    expect(await createFetcher().get()).toEqual({ fault: "the page is too large" });
    await eventually(() => isGone, "the connection is closed");
    expect(sentBytes).toBeLessThan(16_000_000);
  });

  it("sends a page of just 2 MiB, which is read", async () => {
    answer = send(Buffer.alloc(2 * 1_024 * 1_024, "a b "));

    expect(textOf(await createFetcher().get())).toHaveLength(40_000);
  });

  it("sends headers without end", async () => {
    const flood = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("HTTP/1.1 200 OK\r\n");
      const more = (): boolean => socket.destroyed || (socket.write(`x: ${"y".repeat(1_000)}\r\n`) && more());
      socket.on("drain", more);
      more();
    });
    const port = await listen(flood);

    expect(await createFetcher({ port }).get()).toEqual({ fault: "the answer's headers are too large" });
  });

  it.each([
    ["says nothing", "", "the server did not answer in time", 5_000],
    [
      "stops in its headers",
      "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n",
      "the server did not answer in time",
      5_000,
    ],
    [
      "stops in its body",
      "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\n<p>text",
      "the server stopped sending",
      5_000,
    ],
  ])("%s", async (_what, bytes, fault, limitMs) => {
    const clock = createFakeClock();
    const { port, sockets } = await rawServer((socket) => void socket.write(bytes));
    const got = createFetcher({ port, clock }).get();
    await eventually(() => (sockets[0]?.bytesWritten ?? -1) >= bytes.length, "it has sent what it sends");
    await settled(bytes === "" ? 0 : 20);
    await pass(clock, limitMs - 1);
    await expect(Promise.race([got, pause("still running")])).resolves.toBe("still running");
    await pass(clock, 1);

    expect(await got).toEqual({ fault });
    await eventually(() => sockets[0]?.destroyed === true, "the connection is closed");
  });

  it("drips, and is left after 8 seconds", async () => {
    const clock = createFakeClock();
    const { port, sockets } = await rawServer(
      (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n"),
    );
    let got: unknown;
    void createFetcher({ port, clock })
      .get()
      .then((page) => (got = page));
    await eventually(() => sockets.length === 1, "it is asked");
    for (let second = 0; second < 7; second += 1) {
      sockets[0]?.write("x");
      await settled(20);
      await pass(clock, 1_000);
    }
    expect(got).toBeUndefined();
    await pass(clock, 1_000);

    expect(got).toEqual({ fault: "the page took too long" });
    await eventually(() => sockets[0]?.destroyed === true, "the connection is closed");
  });

  it("closes the connection", async () => {
    const { port } = await rawServer((socket) => void socket.destroy());

    expect(await createFetcher({ port }).get()).toEqual({ fault: expect.stringMatching(/^the server /) });
  });

  it("is not there", async () => {
    const { port } = server;
    await server.close();
    ends.length = 0;

    expect(await createFetcher({ port }).get()).toEqual({ fault: "the server refused the connection" });
  });
});

describe("a caller", () => {
  it("that has left before is told so, and nobody is asked", async () => {
    answer = send("x");
    const { signal, abort } = createAbort();
    abort(new Error("gone"));

    await expect(createFetcher().get("/", signal)).rejects.toThrow("gone");
    expect(server.accepted).toBe(0);
  });

  it("that leaves is told so, and the server's connection is closed", async () => {
    let isGone = false;
    answer = (_request, response) => void response.on("close", () => (isGone = true));
    const { signal, abort } = createAbort();
    const { get } = createFetcher();
    const got = get("/", signal);
    await eventually(() => server.requests.length === 1, "it is asked");
    abort(new Error("gone"));

    await expect(got).rejects.toThrow("gone");
    await eventually(() => isGone, "the connection is closed");
    answer = send("<p>Text");
    expect(textOf(await get())).toBe("Text");
  });
});

describe("what was fetched", () => {
  it("is remembered for 10 minutes", async () => {
    const clock = createFakeClock();
    answer = send("<p>Text");
    const { get } = createFetcher({ clock });
    const first = await get("/#a");
    await pass(clock, 599_999);

    expect(await get("/#b")).toEqual(first);
    expect(server.accepted).toBe(1);
    await pass(clock, 2);
    await get();
    expect(server.accepted).toBe(2);
  });

  it("is remembered for 1 minute when it failed", async () => {
    const clock = createFakeClock();
    answer = (_request, response) => void response.writeHead(404).end();
    const { get } = createFetcher({ clock });
    const first = await get();
    await pass(clock, 59_999);

    expect(await get()).toEqual(first);
    expect(server.accepted).toBe(1);
    await pass(clock, 2);
    await get();
    expect(server.accepted).toBe(2);
  });
});

describe("a host", () => {
  it("is asked for two pages at once", async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => void waiting.push(response);
    const { get } = createFetcher();
    const pages = ["/a", "/b", "/c", "/d"].map((path) => get(path));
    const finishOne = (): void =>
      void waiting.shift()?.writeHead(200, { "content-type": "text/plain" }).end("x");
    await eventually(() => waiting.length === 2, "two are asked for");
    const other = get("/e", createAbort().signal, "other.example.com");
    await eventually(() => waiting.length === 3, "another host is asked");
    await settled(20);

    expect(server.accepted).toBe(3);
    finishOne();
    await eventually(() => server.accepted === 4, "the next is asked for");
    for (let left = 0; left < 4; left += 1) {
      await eventually(() => waiting.length > 0, "one waits");
      finishOne();
    }
    expect((await Promise.all([...pages, other])).map(textOf)).toEqual(["x", "x", "x", "x", "x"]);
  });
});

it("ends what runs when it is closed", async () => {
  answer = () => undefined;
  const { get, close } = createFetcher();
  const got = get();
  await eventually(() => server.requests.length === 1, "it is asked");
  close();

  expect(await got).toHaveProperty("fault");
});

const pause = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(value)));

/** Lets bytes that are on their way through the loopback arrive. */
const settled = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function listen(raw: ReturnType<typeof createServer>): Promise<number> {
  raw.listen(0, goodAddress);
  await once(raw, "listening");
  ends.push(() => void raw.close());
  const address = raw.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function rawServer(greet: (socket: Socket) => void): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const raw = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      sockets.push(socket);
      greet(socket);
    });
  });
  return { port: await listen(raw), sockets };
}
