import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Reply } from "../../src/core/call.ts";
import { openExchange, type Exchange } from "../../src/http/exchange.ts";
import { createResponder } from "../../src/http/respond.ts";
import { ask } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { openSocket } from "../support/raw-client.ts";
import { noBreaker, quiet, requestLines, stages } from "../support/stage.ts";
import { bodyFor, chatPaths, goodFrames } from "../support/wires.ts";

const setStage = stages();

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const stalledMs = 10_000;
/** More than what the two ends of a connection buffer. */
const lumpBytes = 8 * 1_024 ** 2;
const wholeBytes = 6 * lumpBytes;

interface Reader {
  readonly clock: FakeClock;
  readonly exchange: Exchange;
  /** Takes so many bytes more, or what is left; false when the connection was cut. */
  read(bytes: number): Promise<boolean>;
  readonly received: number;
}

/** A client that reads only when it is told to, of an answer sent by a responder with a clock of ours. */
async function startReader(body: () => Reply["body"], contentType: string): Promise<Reader> {
  const clock = createFakeClock();
  const responder = createResponder({ clock, stalledMs, onBug: () => undefined });
  let exchange: Exchange | undefined;
  const server = createServer((incoming, outgoing) => {
    exchange = openExchange(incoming, outgoing, { clock, onEnd: () => undefined });
    void responder.send(exchange, { status: 200, contentType, headers: {}, body: body() }, "ollama");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket: Socket = await openSocket((server.address() as AddressInfo).port);
  closers.push(
    () => socket.destroy(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  let received = 0;
  let closed = false;
  let wanted = 0;
  socket.on("close", () => (closed = true));
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received >= wanted) socket.pause();
  });
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  await eventually(
    () => exchange !== undefined && exchange.outgoing.writableLength > 0,
    "bytes wait for the client",
  );
  return {
    clock,
    exchange: exchange as unknown as Exchange,
    async read(bytes) {
      wanted = received + bytes;
      socket.resume();
      await eventually(() => received >= wanted || closed, "so much was read");
      return !closed;
    },
    get received() {
      return received;
    },
  };
}

const big = Buffer.alloc(wholeBytes, "x");
async function* inPieces(): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < big.length; at += 65_536) yield big.subarray(at, at + 65_536);
}

const kinds = [
  { what: "a whole answer", body: () => big, type: "application/json" },
  { what: "a stream", body: inPieces, type: "application/x-ndjson" },
];

describe("a client that reads slowly but steadily", () => {
  it.for(kinds)("is not dropped, however long $what takes it", async ({ body, type }) => {
    const reader = await startReader(body, type);

    for (let lump = 1; lump < wholeBytes / lumpBytes; lump++) {
      await reader.read(lumpBytes);
      reader.clock.advance(stalledMs * 0.6);
    }
    await reader.read(wholeBytes);

    expect(reader.received).toBeGreaterThan(wholeBytes);
    expect(reader.exchange.record.error).toBeUndefined();
    expect(reader.clock.monotonicMs()).toBeGreaterThan(2 * stalledMs);
  });
});

describe("a client that reads nothing more", () => {
  it.for(kinds)("is dropped in the middle of $what", async ({ body, type }) => {
    const reader = await startReader(body, type);
    await reader.read(lumpBytes);
    // What was read makes room once more; after that nothing moves.
    let sent = -1;
    await eventually(() => {
      const before = sent;
      sent = reader.exchange.outgoing.socket?.bytesWritten ?? 0;
      return sent === before;
    }, "nothing moves any more");

    for (let wait = 0; wait < 3; wait++) reader.clock.advance(stalledMs);

    expect(reader.exchange.outgoing.destroyed).toBe(true);
    expect(reader.exchange.record.error).toBe("client_stalled");
  });
});

describe("a client that reads a whole answer of a daemon", () => {
  it("gets 4 MB to the last byte", async () => {
    const stage = await setStage();
    const body = JSON.stringify({ done: true, message: { content: "x".repeat(4_000_000) } });
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status: 200, body } : undefined);

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", false));

    expect(answer.complete).toBe(true);
    expect(answer.text === body).toBe(true);
  });

  it("is dropped when it takes none of it", async () => {
    const stage = await setStage({ yaml: `${noBreaker}\nserver: { stalled_client_timeout: 60ms }` });
    const body = JSON.stringify({ done: true, message: { content: "x".repeat(7_900_000) } });
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status: 200, body } : undefined);
    const socket = await openSocket(stage.daemon.port);
    socket.pause();
    const asked = JSON.stringify(bodyFor("/api/chat", false));

    socket.write(
      `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: deaf\r\nContent-Length: ${asked.length}\r\n\r\n${asked}`,
    );

    await eventually(() => requestLines(stage, "deaf").length === 1, "the request is over");
    expect(requestLines(stage, "deaf")[0]?.error).toBe("client_stalled");
    await quiet(stage);
    socket.destroy();
  });
});

const requestFor = (path: string): string => {
  const body = JSON.stringify(bodyFor(path, true));
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

describe("pipelined requests", () => {
  it.for(chatPaths)(
    "end with their connection when a stream behind another one is cut, on %s",
    async (path) => {
      const stage = await setStage();
      const socket = await openSocket(stage.daemon.port);
      const chunks: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      const closed = once(socket, "close");
      stage.one.fault = "hang-mid-stream";
      socket.write(requestFor(path));
      await eventually(() => stage.one.calls().length === 1, "the first call is there");
      stage.one.fault = "cut-mid-line";
      socket.write(requestFor(path));
      await eventually(() => stage.one.calls()[1]?.ended === "broken", "the second stream is cut");

      stage.one.release();
      await closed;

      const text = Buffer.concat(chunks).toString();
      const [, first = "", second = ""] = text.split("HTTP/1.1 200 OK\r\n");
      const [lastFrame = ""] = goodFrames(path).slice(-1);
      expect(first).toContain(lastFrame);
      expect(first.endsWith("0\r\n\r\n")).toBe(true);
      expect(second).toContain("upstream one");
      expect(second).not.toContain(lastFrame);
      expect(second.endsWith("\r\n0\r\n\r\n")).toBe(false);
      await quiet(stage);
    },
  );

  it("leave no listeners behind, and none too many while they wait", async () => {
    const stage = await setStage();
    const warnings: string[] = [];
    const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
    process.on("warning", note);
    closers.push(() => process.off("warning", note));
    let server: Socket | undefined;
    stage.daemon.daemon.server.once("connection", (socket) => (server = socket));
    const socket = await openSocket(stage.daemon.port);
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const answered = (count: number): Promise<void> =>
      eventually(() => text.split("HTTP/1.1 200 OK").length === count + 1, `${count} answers came`);
    const ping = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const listeners = (): Record<string, number> =>
      Object.fromEntries(
        (server?.eventNames() ?? []).map((name) => [String(name), server?.listenerCount(name) ?? 0]),
      );
    socket.write(ping);
    await answered(1);
    await quiet(stage);
    const before = listeners();

    socket.write(ping.repeat(30));
    await answered(31);
    await quiet(stage);

    expect(listeners()).toEqual(before);
    expect(warnings.filter((one) => one.startsWith("MaxListenersExceededWarning"))).toEqual([]);
    socket.destroy();
  });

  it("that wait are over when their client leaves", async () => {
    const stage = await setStage();
    stage.one.fault = "hang-before-headers";
    const socket = await openSocket(stage.daemon.port);
    socket.write(requestFor("/api/chat").repeat(15));
    await eventually(() => stage.one.calls().length === 15, "every call is there");

    socket.destroy();

    await eventually(() => stage.one.calls().every((one) => one.ended === "left"), "every call was ended");
    await quiet(stage);
  });
});
