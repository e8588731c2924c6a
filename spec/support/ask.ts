import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

/** What a client got, to the last byte. */
export interface Answer {
  /** 0 when the connection ended before any answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Whether the answer came to its proper end, its last chunk included. */
  readonly complete: boolean;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request under way. */
export interface Asking {
  /** Resolves when the answer is over, however it ended. Never rejects. */
  readonly answer: Promise<Answer>;
  /** Resolves with the first bytes of the answer's body. */
  readonly firstByte: Promise<void>;
  /** Closes the connection, as a client that has lost interest does. */
  leave(): void;
}

type Body = string | Uint8Array | object | undefined;

/** Sends one request on a connection of its own. A body that is an object goes as JSON. */
export function open(url: string, body?: Body, options: AskOptions = {}): Asking {
  const bytes =
    typeof body === "string" || body instanceof Uint8Array || body === undefined
      ? body
      : JSON.stringify(body);
  const outgoing = request(url, {
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      "content-type": "application/json",
      ...(bytes === undefined ? {} : { "content-length": String(Buffer.byteLength(bytes)) }),
      ...options.headers,
    },
    agent: false,
  });
  let begun: () => void;
  const firstByte = new Promise<void>((resolve) => (begun = resolve));
  const answer = new Promise<Answer>((resolve) => {
    const chunks: Buffer[] = [];
    let incoming: IncomingMessage | undefined;
    const finish = (): void => {
      const all = Buffer.concat(chunks);
      resolve({
        status: incoming?.statusCode ?? 0,
        headers: incoming?.headers ?? {},
        body: all,
        text: all.toString("utf8"),
        complete: incoming?.complete ?? false,
      });
    };
    outgoing.on("response", (answered) => {
      incoming = answered;
      answered.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        begun();
      });
      answered.on("error", () => undefined);
      answered.on("close", finish);
    });
    outgoing.on("error", finish);
    outgoing.on("close", () => {
      if (incoming === undefined) finish();
    });
  });
  outgoing.end(bytes);
  return { answer, firstByte, leave: () => void outgoing.destroy() };
}

/** Sends one request and waits for its answer. */
export function ask(url: string, body?: Body, options: AskOptions = {}): Promise<Answer> {
  return open(url, body, options).answer;
}
