import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One answer, read off the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface RawTalk {
  readonly answers: readonly RawAnswer[];
  /** What came that is no whole answer. */
  readonly rest: Buffer;
  /** Whether the other side hung up before `waitMs` passed. */
  readonly closed: boolean;
}

export interface RawOptions {
  /** What is sent once an answer is there and the connection still stands, so that a stray second answer shows. */
  readonly followUp?: string;
  /** Hang up our side after sending, without waiting for an answer. */
  readonly leave?: boolean;
  readonly waitMs?: number;
}

/** Sends exactly these bytes and gathers everything that comes back until the connection is closed. */
export async function talk(
  port: number,
  bytes: string | Buffer,
  { followUp, leave = false, waitMs = 5_000 }: RawOptions = {},
): Promise<RawTalk> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  // An answer to HEAD has no body, whatever length it names.
  const headOnly = Buffer.from(bytes).subarray(0, 5).toString() === "HEAD ";
  let followed = followUp === undefined;
  let closed = true;
  const timer = setTimeout(() => {
    closed = false;
    socket.destroy();
  }, waitMs);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (followed || readAnswers(Buffer.concat(chunks), { ended: false, headOnly }).answers.length === 0)
      return;
    followed = true;
    socket.write(followUp ?? "");
  });
  socket.on("end", () => socket.end());
  await once(socket, "connect");
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  if (leave) socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(timer);
  return { ...readAnswers(Buffer.concat(chunks), { ended: closed, headOnly }), closed };
}

/** An open connection, for clients that dribble. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

interface Reading {
  readonly ended: boolean;
  readonly headOnly: boolean;
}

function readAnswers(bytes: Buffer, reading: Reading): { answers: RawAnswer[]; rest: Buffer } {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const found = readAnswer(rest, reading);
    if (found === undefined) return { answers, rest };
    if (found.answer.status !== 100) answers.push(found.answer);
    rest = rest.subarray(found.length);
  }
}

function readAnswer(bytes: Buffer, reading: Reading): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(first)?.[1]);
  if (Number.isNaN(status)) return undefined;
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = readBody(bytes.subarray(headEnd + 4), { status, headers, ...reading });
  return body && { answer: { status, headers, body: body.content }, length: headEnd + 4 + body.length };
}

function readBody(
  bytes: Buffer,
  { status, headers, ended, headOnly }: Reading & { status: number; headers: Record<string, string> },
): { content: Buffer; length: number } | undefined {
  if (headOnly || status === 204 || status === 304 || status < 200)
    return { content: Buffer.alloc(0), length: 0 };
  if (headers["transfer-encoding"] === "chunked") return readChunked(bytes);
  if (headers["content-length"] === undefined) {
    return ended ? { content: bytes, length: bytes.length } : undefined;
  }
  const length = Number(headers["content-length"]);
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length };
}

function readChunked(bytes: Buffer): { content: Buffer; length: number } | undefined {
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return undefined;
    pieces.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
    if (size === 0) return { content: Buffer.concat(pieces), length: at };
  }
}
