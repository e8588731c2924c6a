import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { startSwitchableServer } from "./switchable-server.ts";

/** What one request for an answer meets. */
export type LlamaFault =
  /** An error that comes before any result is a plain answer. */
  | { readonly kind: "http"; readonly status: number; readonly message: string; readonly type?: string }
  /** After so many words, once `release` is called: an event with an error, and no marker. */
  | { readonly kind: "late-error"; readonly afterWords: number; readonly message?: string }
  /** The connection is cut after so many words, once `release` is called. */
  | { readonly kind: "cut"; readonly afterWords: number }
  /** So many comments before the first word. */
  | { readonly kind: "pings"; readonly count: number }
  /** Stands still before its head until `release` is called. */
  | { readonly kind: "hang" };

export interface LlamaSeen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LlamaOptions {
  /** One model, or those of a router. */
  readonly models?: readonly string[];
  /** A router loads its models as they are asked for, and can let them go. */
  readonly router?: boolean;
  readonly loading?: boolean;
}

/** A llama-server whose state and faults are switched while it runs. Every word of its answers is a token. */
export interface FakeLlama {
  readonly url: string;
  readonly port: number;
  /** While it loads it answers everything with 503. */
  loading: boolean;
  /** Of a router, what each model is: `unloaded`, `loaded`, `sleeping`, ... */
  readonly statuses: Map<string, string>;
  /** Words that a prompt, or a text to be embedded, may have. */
  contextTokens: number;
  /** `off` answers 501, as a server without `--embeddings`. */
  embeddings: "on" | "off";
  /** Of a text that is too long for a batch, rather than for the context. */
  embeddingBatchTokens: number;
  /** Where the times of an answer are told. */
  timingsIn: "finish" | "usage";
  /** Taken one by one by requests for answers. */
  readonly faults: LlamaFault[];
  readonly seen: LlamaSeen[];
  to(path: string): LlamaSeen[];
  /** Requests for answers, oldest first. */
  calls(): LlamaSeen[];
  /** Lets what stands still go on. */
  release(): void;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  stop(): Promise<void>;
}

/** What it answers to whatever it is asked. */
export const llamaText = "Hello from the llama";

type State = Omit<FakeLlama, "url" | "port" | "to" | "calls" | "release" | "refuse" | "accept" | "stop"> & {
  readonly models: readonly string[];
  readonly isRouter: boolean;
  gate: Promise<void>;
};

interface Exchange {
  readonly state: State;
  readonly seen: LlamaSeen;
  readonly outgoing: ServerResponse;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeLlama(options: LlamaOptions = {}): Promise<FakeLlama> {
  let open: () => void = () => undefined;
  const shut = (): Promise<void> => new Promise((resolve) => (open = resolve));
  const { models = ["llama"], router = false, loading = false } = options;
  const state: State = {
    models,
    isRouter: router,
    loading,
    statuses: new Map(models.map((model) => [model, router ? "unloaded" : "loaded"])),
    contextTokens: 4_096,
    embeddings: "on",
    embeddingBatchTokens: 4_096,
    timingsIn: "usage",
    faults: [],
    seen: [],
    gate: shut(),
  };
  const { port, refuse, accept } = await startSwitchableServer((incoming, outgoing) => {
    outgoing.on("error", () => undefined);
    serve(state, incoming, outgoing).catch(() => outgoing.destroy());
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    port,
    to: (path: string) => state.seen.filter((one) => one.path === path),
    calls: () => state.seen.filter(({ path }) => path in answers),
    release() {
      open();
      state.gate = shut();
    },
    refuse,
    accept,
    stop: refuse,
  });
}

async function serve(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { method = "", url: path = "", headers } = incoming;
  const seen: LlamaSeen = {
    method,
    path,
    headers,
    body: text === "" ? {} : (JSON.parse(text) as object as LlamaSeen["body"]),
  };
  state.seen.push(seen);
  const exchange = { state, seen, outgoing };
  if (state.loading)
    return fail(exchange, { status: 503, message: "Loading model", type: "unavailable_error" });
  const page = pages[path] ?? answers[path];
  if (page === undefined)
    return fail(exchange, { status: 404, message: "File Not Found", type: "not_found_error" });
  await page(exchange);
}

type Page = (exchange: Exchange) => void | Promise<void>;

const json = { "content-type": "application/json; charset=utf-8", server: "llama.cpp" };

function send({ outgoing }: Exchange, value: unknown, status = 200): void {
  outgoing.writeHead(status, json).end(JSON.stringify(value));
}

interface Failure {
  readonly status: number;
  readonly message: string;
  readonly type?: string;
  readonly more?: object;
}

function fail(exchange: Exchange, { status, message, type = "server_error", more }: Failure): void {
  send(exchange, { error: { code: status, message, type, ...more } }, status);
}

const pages: Readonly<Record<string, Page>> = {
  "/health": (exchange) => send(exchange, { status: "ok" }),
  "/props": ({ state, ...exchange }) =>
    send(
      { state, ...exchange },
      {
        default_generation_settings: { n_ctx: state.contextTokens, params: {} },
        total_slots: 1,
        chat_template: "{{ messages }}",
        chat_template_caps: { supports_tools: true },
        modalities: { vision: false, audio: false },
      },
    ),
  "/v1/models": (exchange) => {
    const { models, isRouter, statuses, contextTokens } = exchange.state;
    const data = models.map((id) => ({
      id,
      object: "model",
      created: 1_795_221_711,
      owned_by: "llamacpp",
      meta: isRouter
        ? null
        : { n_ctx: contextTokens, n_ctx_train: 4_096, n_embd: 3, n_params: 1_430_016, size: 5_720_064 },
      status: isRouter ? { value: statuses.get(id), args: [] } : undefined,
    }));
    send(exchange, { object: "list", data });
  },
  "/models/unload": (exchange) => {
    const { state, seen } = exchange;
    state.statuses.set(String(seen.body["model"]), "unloaded");
    send(exchange, { success: true });
  },
};

/** The words of whatever is asked: each is a token. */
const tokensOf = (value: unknown): number => JSON.stringify(value).split(/\s+/).length;

/** What is wrong with a request, before a word is said. */
function refusal({ state, seen }: Exchange, asked: unknown): Failure | undefined {
  const { min_p: share, model } = seen.body;
  if (share !== undefined && typeof share !== "number") {
    const message = `Field 'min_p': [json.exception.type_error.302] type must be number, but is ${typeof share}`;
    return { status: 400, message, type: "invalid_request_error" };
  }
  if (state.isRouter && !state.models.includes(String(model)))
    return { status: 404, message: `model '${String(model)}' not found`, type: "not_found_error" };
  const tokens = tokensOf(asked);
  if (tokens <= state.contextTokens) return undefined;
  return {
    status: 400,
    message: `request (${tokens} tokens) exceeds the available context size (${state.contextTokens} tokens), try increasing it`,
    type: "exceed_context_size_error",
    more: { n_prompt_tokens: tokens, n_ctx: state.contextTokens },
  };
}

/** How an endpoint spells a word, and its end. */
interface Spelling {
  readonly word: (text: string) => object;
  readonly end: object;
  readonly hasMarker: boolean;
}

const choice = (rest: object): object => ({ choices: [{ index: 0, finish_reason: null, ...rest }] });

const chat: Spelling = {
  word: (content) => choice({ delta: { content } }),
  end: choice({ delta: {}, finish_reason: "stop" }),
  hasMarker: true,
};
const completions: Spelling = {
  word: (text) => choice({ text, logprobs: null }),
  end: choice({ text: "", finish_reason: "stop" }),
  hasMarker: true,
};
const infill: Spelling = {
  word: (content) => ({ index: 0, content, stop: false }),
  end: { content: "", stop: true, stop_type: "eos" },
  hasMarker: false,
};

const answers: Readonly<Record<string, Page>> = {
  "/v1/chat/completions": (exchange) => speak(exchange, chat, exchange.seen.body["messages"]),
  "/v1/completions": (exchange) => speak(exchange, completions, exchange.seen.body["prompt"]),
  "/infill": (exchange) => speak(exchange, infill, exchange.seen.body["input_prefix"]),
  "/v1/embeddings": embed,
};

async function speak(exchange: Exchange, spelling: Spelling, asked: unknown): Promise<void> {
  const { state, seen, outgoing } = exchange;
  const fault = state.faults.shift();
  if (fault?.kind === "hang") await state.gate;
  const failure = fault?.kind === "http" ? fault : refusal(exchange, asked);
  if (failure !== undefined) return fail(exchange, failure);
  const model = String(seen.body["model"]);
  if (state.isRouter) state.statuses.set(model, "loaded");
  const write = (value: object): void => {
    const head =
      spelling === infill
        ? {}
        : { id: "chatcmpl-1", created: 1_795_221_711, model, object: "chat.completion.chunk" };
    outgoing.write(`data: ${JSON.stringify({ ...value, ...head })}\n\n`);
  };
  outgoing.writeHead(200, { "content-type": "text/event-stream", server: "llama.cpp" });
  if (fault?.kind === "pings") for (let sent = 0; sent < fault.count; sent++) outgoing.write(":\n\n");
  if (spelling === chat) write(choice({ delta: { role: "assistant", content: null } }));
  for (const [nth, word] of (llamaText.match(/\s*\S+/g) ?? []).entries()) {
    if (fault !== undefined && "afterWords" in fault && nth === fault.afterWords)
      return breakOff(exchange, fault);
    write(spelling.word(word));
  }
  finish(exchange, spelling, write);
}

async function breakOff({ state, outgoing }: Exchange, fault: LlamaFault): Promise<void> {
  await state.gate;
  if (fault.kind !== "late-error") return void outgoing.destroy();
  const { message = "the slot failed" } = fault;
  outgoing.end(`data: ${JSON.stringify({ error: { code: 500, message, type: "server_error" } })}\n\n`);
}

const timings = { cache_n: 2, prompt_n: 3, prompt_ms: 1.5, predicted_n: 4, predicted_ms: 8 };

function finish({ state, outgoing }: Exchange, spelling: Spelling, write: (value: object) => void): void {
  const inFinish = state.timingsIn === "finish" || spelling === infill;
  write({ ...spelling.end, ...(inFinish ? { timings } : {}) });
  if (!inFinish) {
    const usage = {
      prompt_tokens: 5,
      completion_tokens: 4,
      total_tokens: 9,
      prompt_tokens_details: { cached_tokens: 2 },
    };
    write({ choices: [], usage, timings });
  }
  outgoing.end(spelling.hasMarker ? "data: [DONE]\n\n" : "");
}

async function embed(exchange: Exchange): Promise<void> {
  const { state, seen } = exchange;
  await setImmediate();
  if (state.embeddings === "off") {
    const message = "This server does not support embeddings. Start it with `--embeddings`";
    return fail(exchange, { status: 501, message, type: "not_supported_error" });
  }
  const { input } = seen.body;
  const texts = Array.isArray(input) ? input : [input];
  for (const text of texts) {
    const failure = refusal(exchange, text);
    if (failure !== undefined) return fail(exchange, failure);
    const tokens = tokensOf(text);
    if (tokens > state.embeddingBatchTokens) {
      const size = `increase the physical batch size (current batch size: ${state.embeddingBatchTokens})`;
      return fail(exchange, {
        status: 500,
        message: `input (${tokens} tokens) is too large to process. ${size}`,
      });
    }
  }
  const count = texts.reduce<number>((sum, text) => sum + tokensOf(text), 0);
  const data = texts.map((text, index) => ({
    object: "embedding",
    index,
    embedding: [3, 4, tokensOf(text)],
  }));
  send(exchange, {
    object: "list",
    model: seen.body["model"],
    usage: { prompt_tokens: count, total_tokens: count },
    data,
  });
}
