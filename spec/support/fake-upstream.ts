import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { dialectOf, errorBody, goodFrames, goodWhole, streamTypeOf, wholeTypeOf } from "./wires.ts";
import { startSwitchableServer } from "./switchable-server.ts";

/** What can be wrong with an answer of an inference endpoint. */
export type Fault =
  | "none"
  | "hang-before-headers"
  | "hang-before-body"
  | "hang-mid-stream"
  | "cut-before-headers"
  | "reset-before-headers"
  | "cut-first-frame"
  | "cut-mid-line"
  | "cut-mid-letter"
  | "reset-mid-stream"
  | "bad-json"
  | "bad-json-later"
  | "html-200"
  | "html-500"
  | "busy-429"
  | "busy-503"
  | "drip"
  | "endless-line"
  | "no-final-line"
  | "no-line-feed"
  | "two-final-lines"
  | "empty-200"
  | "error-line-first"
  | "error-line-split"
  | "error-line-later"
  | "short-content-length";

/** One request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** How it ended: answered to the end, left by the client, or broken by a fault of ours. Undefined while it runs. */
  ended: "answered" | "left" | "broken" | undefined;
}

export interface Scripted {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** An Ollama server whose behaviour is switched while it runs. */
export interface FakeUpstream {
  readonly url: string;
  readonly port: number;
  /** What is wrong with generating endpoints. */
  fault: Fault;
  /** What the lists and the version do. */
  control: "good" | "hang" | "html-500";
  /** Answers in place of the usual ones; undefined leaves a request to them. */
  respond: ((seen: Seen) => Scripted | undefined) | undefined;
  /** Hangs up, once, when a connection is used a second time: what a server does whose idle limit was just reached. */
  closesIdle: boolean;
  /** Hangs up on uploads and the like once their head is there. */
  hangsUp: boolean;
  models: string[];
  loaded: string[];
  readonly seen: Seen[];
  /** Requests for a path, oldest first. */
  to(path: string): Seen[];
  /** Requests for anything but the version and the lists. */
  calls(): Seen[];
  openConnections(): number;
  /** Lets everything that hangs go on as if nothing had been wrong. */
  release(): void;
  /** Refuses connections, closing those that are open. */
  refuse(): Promise<void>;
  /** Takes connections again, at the same place. */
  accept(): Promise<void>;
  stop(): Promise<void>;
}

const json = { "content-type": "application/json; charset=utf-8" };
const controlPaths = new Set(["/api/version", "/api/tags", "/api/ps"]);

/** Longer than any line the daemon holds. */
const endlessBytes = 9_000_000;

interface State {
  fault: Fault;
  control: FakeUpstream["control"];
  respond: FakeUpstream["respond"];
  closesIdle: boolean;
  hangsUp: boolean;
  models: string[];
  loaded: string[];
  /** Resolves when what hangs may go on. */
  gate: Promise<void>;
}

interface Exchange {
  readonly state: State;
  readonly seen: Seen;
  readonly outgoing: ServerResponse;
}

/** Starts one that has the models `models`. */
export async function startFakeUpstream(models: readonly string[] = ["tiny:latest"]): Promise<FakeUpstream> {
  let open: () => void = () => undefined;
  const shut = (): Promise<void> => new Promise((resolve) => (open = resolve));
  const state: State = {
    fault: "none",
    control: "good",
    respond: undefined,
    closesIdle: false,
    hangsUp: false,
    models: [...models],
    loaded: [],
    gate: shut(),
  };
  const all: Seen[] = [];
  const used = new WeakSet<Socket>();

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const seen = await readSeen(incoming);
    all.push(seen);
    outgoing.on("error", () => undefined);
    outgoing.on("close", () => (seen.ended ??= outgoing.writableFinished ? "answered" : "left"));
    await answer({ state, seen, outgoing });
  };
  const { port, openConnections, refuse, accept } = await startSwitchableServer((incoming, outgoing) => {
    if (state.closesIdle && used.has(incoming.socket)) {
      state.closesIdle = false;
      incoming.socket.destroy();
      return;
    }
    used.add(incoming.socket);
    if (state.hangsUp && !controlPaths.has(incoming.url ?? "")) {
      incoming.socket.destroy();
      return;
    }
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });

  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    port,
    seen: all,
    to: (path: string) => all.filter((one) => one.path === path),
    calls: () => all.filter((one) => !controlPaths.has(one.path)),
    openConnections,
    release() {
      open();
      state.gate = shut();
    },
    refuse,
    accept,
    stop: refuse,
  });
}

async function readSeen(incoming: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString("utf8"),
    ended: undefined,
  };
}

async function answer(exchange: Exchange): Promise<void> {
  const { state, seen, outgoing } = exchange;
  const scripted = state.respond?.(seen);
  if (scripted !== undefined) {
    outgoing.writeHead(scripted.status, scripted.headers ?? json);
    outgoing.end(scripted.body);
    return;
  }
  if (controlPaths.has(seen.path)) return answerControl(exchange);
  if (seen.path === "/api/pull") return answerPull(exchange);
  if (seen.path === "/api/delete" || seen.path === "/api/copy") return changeModels(exchange);
  return answerInference(exchange);
}

async function answerControl({ state, seen, outgoing }: Exchange): Promise<void> {
  if (state.control === "hang") await state.gate;
  if (state.control === "html-500") return sendHtml(outgoing, 500);
  const list = (names: readonly string[]): string =>
    JSON.stringify({
      models: names.map((name) => ({ name, model: name, modified_at: "2026-11-21T00:00:00Z", size: 1 })),
    });
  const bodies: Record<string, string> = {
    "/api/version": '{"version":"0.33.0"}',
    "/api/tags": list(state.models),
    "/api/ps": list(state.loaded),
  };
  outgoing.writeHead(200, json).end(bodies[seen.path]);
}

function answerPull({ state, seen, outgoing }: Exchange): void {
  const { model } = JSON.parse(seen.body) as { model: string };
  state.models.push(model.includes(":") ? model : `${model}:latest`);
  outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
  outgoing.end('{"status":"pulling manifest"}\n{"status":"success"}\n');
}

function changeModels({ state, seen, outgoing }: Exchange): void {
  const asked = JSON.parse(seen.body) as { model?: string; source?: string; destination?: string };
  const full = (name: string): string => (name.includes(":") ? name : `${name}:latest`);
  const subject = full(asked.model ?? asked.source ?? "");
  if (!state.models.includes(subject)) {
    outgoing.writeHead(404, json).end(JSON.stringify({ error: `model '${subject}' not found` }));
    return;
  }
  if (seen.path === "/api/delete") state.models = state.models.filter((name) => name !== subject);
  else state.models.push(full(asked.destination ?? ""));
  outgoing.writeHead(200).end();
}

function sendHtml(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { "content-type": "text/html", server: "nginx", "set-cookie": "a=b" });
  outgoing.end("<html><body><h1>Something between says no</h1></body></html>");
}

type Misbehave = (exchange: Exchange) => void | Promise<void>;

/** Faults that are the same for a stream and for a whole answer. */
const headFaults: Partial<Record<Fault, Misbehave>> = {
  async "hang-before-headers"({ state, seen, outgoing }) {
    await state.gate;
    sendGood(seen, outgoing);
  },
  async "hang-before-body"({ state, seen, outgoing }) {
    outgoing.writeHead(200, { "content-type": typeFor(seen) }).flushHeaders();
    await state.gate;
    outgoing.end(piecesOf(seen).join(""));
  },
  "cut-before-headers": (exchange) => cut(exchange),
  "reset-before-headers": (exchange) => reset(exchange),
  "html-200": ({ outgoing }) => sendHtml(outgoing, 200),
  "html-500": ({ outgoing }) => sendHtml(outgoing, 500),
  "busy-429": (exchange) => sendBusy(exchange, 429),
  "busy-503": (exchange) => sendBusy(exchange, 503),
  "empty-200": ({ seen, outgoing }) => void outgoing.writeHead(200, { "content-type": typeFor(seen) }).end(),
};

function sendBusy({ seen, outgoing }: Exchange, status: number): void {
  const body = errorBody(seen.path, "server busy, please try again.  maximum pending requests exceeded");
  outgoing.writeHead(status, { ...json, "retry-after": "7" }).end(body);
}

/** Faults of a body that has begun. Each gets the good pieces and writes what it makes of them. */
const bodyFaults: Partial<Record<Fault, (exchange: Exchange, pieces: readonly string[]) => unknown>> = {
  async "hang-mid-stream"({ state, outgoing }, [first = "", ...rest]) {
    outgoing.write(first);
    await state.gate;
    outgoing.end(rest.join(""));
  },
  async "cut-first-frame"(exchange, [first = ""]) {
    await write(exchange, first.slice(0, 12));
    await apart();
    cut(exchange);
  },
  async "cut-mid-line"(exchange, [first = "", second = ""]) {
    await write(exchange, first + second.slice(0, 20));
    await apart();
    cut(exchange);
  },
  async "cut-mid-letter"(exchange, pieces) {
    const bytes = Buffer.from(pieces.join(""));
    await write(exchange, bytes.subarray(0, bytes.indexOf("€") + 1));
    await apart();
    cut(exchange);
  },
  async "reset-mid-stream"(exchange, [first = ""]) {
    await write(exchange, first);
    await apart();
    reset(exchange);
  },
  "bad-json": ({ outgoing }, pieces) => outgoing.end(garbageFor(pieces) + pieces.join("")),
  async "bad-json-later"(exchange, [first = "", ...rest]) {
    await write(exchange, first);
    await apart();
    exchange.outgoing.end(garbageFor(rest) + rest.join(""));
  },
  async drip(exchange, pieces) {
    for (const byte of Buffer.from(pieces.join(""))) await write(exchange, Uint8Array.of(byte));
    exchange.outgoing.end();
  },
  async "endless-line"(exchange, [first = ""]) {
    await write(exchange, first);
    const flood = Buffer.alloc(65_536, "x");
    for (let sent = 0; sent < endlessBytes; sent += flood.length) await write(exchange, flood);
    cut(exchange);
  },
  "no-final-line": ({ outgoing }, [first = "", second = ""]) => outgoing.end(first + second),
  "no-line-feed": ({ outgoing }, pieces) => outgoing.end(pieces.join("").trimEnd()),
  "two-final-lines": ({ outgoing }, pieces) => outgoing.end(pieces.join("") + (pieces.at(-1) ?? "")),
  "error-line-first": ({ seen, outgoing }) => outgoing.end(errorFrame(seen)),
  async "error-line-split"(exchange) {
    const frame = errorFrame(exchange.seen);
    await write(exchange, frame.slice(0, 9));
    await apart();
    exchange.outgoing.end(frame.slice(9));
  },
  async "error-line-later"(exchange, [first = ""]) {
    await write(exchange, first);
    await apart();
    exchange.outgoing.end(errorFrame(exchange.seen));
  },
  async "short-content-length"(exchange, pieces) {
    await write(exchange, pieces.join("").slice(0, -5));
    await apart();
    cut(exchange);
  },
};

const ownError = "an error was encountered while running the model: unexpected EOF";

function errorFrame(seen: Seen): string {
  const body = errorBody(seen.path, ownError);
  if (!streams(seen) || dialectOf(seen.path) === "ollama") return `${body}\n`;
  return dialectOf(seen.path) === "anthropic" ? `event: error\ndata: ${body}\n\n` : `data: ${body}\n\n`;
}

/** Something that is no JSON, framed like the pieces. */
const garbageFor = (pieces: readonly string[]): string =>
  pieces.at(-1)?.includes("data: ") === true ? "data: this is {not json\n\n" : "this is {not json\n";

async function answerInference(exchange: Exchange): Promise<void> {
  const { state, seen, outgoing } = exchange;
  const fault = headFaults[state.fault];
  if (fault !== undefined) return fault(exchange);
  const misbehave = bodyFaults[state.fault];
  if (misbehave === undefined) return sendGood(seen, outgoing);
  const pieces = piecesOf(seen);
  const length = state.fault === "short-content-length" ? Buffer.byteLength(pieces.join("")) : undefined;
  outgoing.writeHead(200, {
    "content-type": typeFor(seen),
    ...(length === undefined ? {} : { "content-length": String(length) }),
  });
  await misbehave(exchange, pieces);
}

function streams({ path, body }: Seen): boolean {
  const { stream } = JSON.parse(body) as { stream?: boolean };
  return path.startsWith("/v1/") ? stream === true : stream !== false && path !== "/api/embed";
}

const typeFor = (seen: Seen): string => (streams(seen) ? streamTypeOf(seen.path) : wholeTypeOf(seen.path));

/** The good answer in pieces: its frames, or the halves of a whole one. */
function piecesOf(seen: Seen): string[] {
  if (streams(seen)) return goodFrames(seen.path);
  const text = goodWhole(seen.path);
  return [text.slice(0, 40), text.slice(40)];
}

function sendGood(seen: Seen, outgoing: ServerResponse): void {
  outgoing.writeHead(200, {
    "content-type": typeFor(seen),
    server: "fake",
    "set-cookie": "session=secret",
    "x-powered-by": "fake",
  });
  for (const piece of piecesOf(seen)) outgoing.write(piece);
  outgoing.end();
}

function write({ outgoing }: Exchange, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Lets what was written be read before more follows: both ends live in this process. */
async function apart(): Promise<void> {
  for (let round = 0; round < 10; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** Ends the connection in the middle of the answer, politely as far as TCP is concerned. */
function cut({ seen, outgoing }: Exchange): void {
  seen.ended = "broken";
  outgoing.socket?.destroySoon();
}

function reset({ seen, outgoing }: Exchange): void {
  seen.ended = "broken";
  outgoing.socket?.resetAndDestroy();
}
