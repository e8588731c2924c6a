import type { IncomingMessage, ServerResponse } from "node:http";
import type { BillEntry } from "./fake-openrouter/bill.ts";
import { fakeCatalogue, type FakeModel } from "./fake-openrouter/catalogue.ts";
import { answerChat } from "./fake-openrouter/chat.ts";
import { answerEmbeddings } from "./fake-openrouter/embeddings.ts";
import {
  failedAtHead,
  sendError,
  type Exchange,
  type FaultChooser,
  type SeenRequest,
  type State,
} from "./fake-openrouter/exchange.ts";
import type { Fault } from "./fake-openrouter/faults.ts";
import {
  listEmbeddingModels,
  listModels,
  showCredits,
  showGeneration,
  showKey,
} from "./fake-openrouter/lists.ts";
import { startSwitchableServer } from "./switchable-server.ts";

export interface FakeOpenRouterOptions {
  /** The key that is let in; `sk-or-v1-test` by default. */
  readonly key?: string;
  /** In place of the usual models. */
  readonly models?: readonly FakeModel[];
  /** The time of day by which prices change; the system's by default. */
  readonly epochMs?: () => number;
}

/** An OpenRouter that keeps a bill of its own, and whose faults are switched while it runs. */
export interface FakeOpenRouter {
  /** Ends in `/api/v1`. */
  readonly url: string;
  readonly port: number;
  readonly key: string;
  /** May be changed while it runs. */
  readonly models: FakeModel[];
  /** Every request, oldest first. */
  readonly seen: SeenRequest[];
  /** What was charged, by generation id. An entry is there once the generation is over, before its usage is sent. */
  readonly bill: ReadonlyMap<string, BillEntry>;
  /** Taken one by one by requests for answers; a function is asked for every request. */
  faults: (Fault | undefined)[] | FaultChooser;
  /** Models whose providers fail: the next of `models` answers, or 503. */
  readonly down: Set<string>;
  /** Models whose providers go on, and are paid, when the client of a stream leaves. */
  readonly billsAfterCancel: Set<string>;
  /** How often `/generation` still says 404. */
  generationMisses: number;
  /** The limit of the key: reached, every answer is a 402. */
  limitUsd: number | null;
  /** Whether the key may ask for `/credits`. */
  managesCredits: boolean;
  /** Whether leading messages that were sent before count as read from the provider's prompt cache. */
  promptCache: boolean;
  /** Whether the thoughts behind the last tool call came back unchanged; undefined when there was none to judge. */
  readonly echoedReasoning: boolean | undefined;
  /** Requests for a path below `/api/v1`, oldest first. */
  to(path: string): SeenRequest[];
  /** What was charged for requests with this marker. */
  billOf(requestTag: string): BillEntry[];
  openConnections(): number;
  /** Lets everything that hangs go on as if nothing had been wrong. */
  release(): void;
  stop(): Promise<void>;
}

const base = "/api/v1";

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeOpenRouter(options: FakeOpenRouterOptions = {}): Promise<FakeOpenRouter> {
  let open: () => void = () => undefined;
  const shut = (): Promise<void> => new Promise((resolve) => (open = resolve));
  const state = newState(options, shut());
  const { port, openConnections, refuse } = await startSwitchableServer((incoming, outgoing) => {
    serve(state, incoming, outgoing).catch(() => outgoing.destroy());
  });

  return Object.assign(state, {
    url: `http://127.0.0.1:${port}${base}`,
    port,
    to: (path: string) => state.seen.filter((one) => one.path === path),
    billOf: (requestTag: string) =>
      [...state.bill.values()].filter((entry) => entry.requestTag === requestTag),
    openConnections,
    release() {
      open();
      state.gate = shut();
    },
    stop: refuse,
  });
}

function newState(options: FakeOpenRouterOptions, gate: Promise<void>): State {
  return {
    key: options.key ?? "sk-or-v1-test",
    models: [...(options.models ?? fakeCatalogue)],
    seen: [],
    bill: new Map(),
    generations: new Map(),
    faults: [],
    down: new Set(),
    billsAfterCancel: new Set(),
    generationMisses: 0,
    limitUsd: null,
    managesCredits: true,
    promptCache: false,
    cachedPrompts: new Map(),
    thoughts: new Map(),
    echoedReasoning: undefined,
    epochMs: options.epochMs ?? Date.now,
    gate,
    lastId: 0,
  };
}

interface Route {
  /** Open to who has no key. */
  readonly open?: boolean;
  readonly answer: (exchange: Exchange) => void | Promise<void>;
}

const answering: Readonly<Record<string, Route>> = {
  "POST /chat/completions": { answer: answerChat },
  "POST /embeddings": { answer: answerEmbeddings },
};

const showing: Readonly<Record<string, Route>> = {
  "GET /models": { open: true, answer: listModels },
  "GET /embeddings/models": { open: true, answer: listEmbeddingModels },
  "GET /generation": { answer: showGeneration },
  "GET /key": { answer: showKey },
  "GET /credits": { answer: showCredits },
};

async function serve(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  incoming.on("error", () => undefined);
  outgoing.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => outgoing.once("close", resolve));
  const read = await readRequest(incoming);
  state.seen.push(read.seen);
  const name = `${read.seen.method} ${read.inside ? read.seen.path : ""}`;
  const shown = showing[name];
  const route = answering[name] ?? shown;
  const exchange = { state, seen: read.seen, outgoing, closed, fault: undefined };
  if (route === undefined) return sendError(exchange, { status: 404, message: "Not found" });
  if (route.open !== true && incoming.headers.authorization !== `Bearer ${state.key}`) {
    return sendError(exchange, { status: 401 });
  }
  if (read.problem !== undefined) return sendError(exchange, { status: 400, message: read.problem });
  const faulty = { ...exchange, fault: nextFault(state, read.seen, shown === undefined) };
  if (shown !== undefined && (await failedAtHead(faulty))) return;
  await route.answer(faulty);
}

function nextFault(state: State, seen: SeenRequest, answers: boolean): Fault | undefined {
  const { faults } = state;
  if (Array.isArray(faults)) return answers ? faults.shift() : undefined;
  return faults(seen, state.seen.filter((one) => one.path === seen.path).length - 1);
}

interface ReadRequest {
  readonly seen: SeenRequest;
  /** Whether it is for something below the base. */
  readonly inside: boolean;
  readonly problem: string | undefined;
}

async function readRequest(incoming: IncomingMessage): Promise<ReadRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const inside = url.pathname.startsWith(`${base}/`);
  const body = parsed(text);
  const seen: SeenRequest = {
    method: incoming.method ?? "",
    path: inside ? url.pathname.slice(base.length) : url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: body ?? {},
    text,
  };
  const problem = text !== "" && body === undefined ? "the body is no JSON object" : undefined;
  return { seen, inside, problem };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
