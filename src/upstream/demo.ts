import { createHash } from "node:crypto";
import type { Call } from "../core/call.ts";
import type { ChatRequest, Need } from "../core/chat.ts";
import { ProxyError } from "../core/error.ts";
import { fold } from "../core/event.ts";
import type { Dialect, ReplyNames } from "../dialect/dialect.ts";
import { dialects } from "../dialect/dialects.ts";
import { encodeStream } from "../dialect/encode.ts";
import { loadReason } from "../dialect/ollama/request.ts";
import { encodeLoad } from "../dialect/ollama/stream.ts";
import type { Signal } from "../lib/abort.ts";
import { stringifyLine, type JsonObject } from "../lib/json.ts";
import { createSemaphore } from "../lib/semaphore.ts";
import { loadTokenizer } from "../lib/tokens.ts";
import type { Clock } from "../lib/time.ts";
import { answerEmbedding } from "./demo-embed.ts";
import { embeddingLength } from "./demo-embedding.ts";
import { speak } from "./demo-text.ts";
import type { Health } from "./health.ts";
import { noModels, type Upstream, type UpstreamReply } from "./upstream.ts";

const modelName = "demo:latest";

/** The key of the demo model, by which a request finds it. */
export const demoKey = "registry.ollama.ai/library/demo:latest";

/** How it is called among upstreams. */
export const demoName = "demo";

const contextLength = 8_192;
const places = 64;

const details: JsonObject = {
  parent_model: "",
  format: "chasqui",
  family: "demo",
  families: ["demo"],
  parameter_size: "0",
  quantization_level: "none",
};

const entry: JsonObject = {
  name: modelName,
  model: modelName,
  modified_at: "2026-11-21T00:00:00Z",
  size: 0,
  digest: createHash("sha256").update("chasqui demo 1").digest("hex"),
  details: { ...details, context_length: contextLength, embedding_length: embeddingLength },
  capabilities: ["completion"],
};

/** Nothing of it can fail: it is part of the process. */
const alwaysUp: Health = {
  state: "up",
  opened: 0,
  succeeded: () => undefined,
  failed: () => undefined,
  retryInMs: () => 0,
  probe: () => Promise.resolve(),
  close: () => undefined,
};

/**
 * A model inside this process that tells what it received, so that a fresh machine shows the main job with nothing
 * else installed. It is not a language model and does not pretend to be one.
 */
export function createDemoUpstream(clock: Clock, configured: boolean): Upstream {
  const queue = { queueMax: places, waitMs: 30_000, clock };
  return {
    name: demoName,
    type: "demo",
    isCloud: false,
    takesAnyModel: false,
    trouble: undefined,
    url: undefined,
    configured,
    health: alwaysUp,
    inference: createSemaphore({ places, ...queue }),
    control: createSemaphore({ places, ...queue }),
    models: { ...noModels, byKey: new Map([[demoKey, entry]]), seenAtMs: clock.monotonicMs() },
    send: (call, _target, signal) => answer(call, signal, clock),
    refresh: () => Promise.resolve(),
    noteLoaded: () => undefined,
    close: () => undefined,
  };
}

const embedding = new Set<Call["operation"]>(["embed", "embeddings"]);
const speaking = new Set<Call["operation"]>(["chat", "generate", "completions", "messages", "responses"]);

async function answer(call: Call, signal: Signal, clock: Clock): Promise<UpstreamReply> {
  const dialect = dialects[call.dialect];
  if (call.operation === "show") return whole(dialect, stringifyLine(showAnswer));
  if (embedding.has(call.operation)) return whole(dialect, await answerEmbedding(call, clock));
  const reply: ReplyNames = {
    operation: call.operation,
    model: call.model,
    createdMs: clock.epochMs(),
    id: call.id,
    streamUsage: true,
    asked: call.wire,
  };
  if (call.dialect === "ollama") {
    const reason = loadReason(call.wire, call.operation);
    if (reason !== undefined) return whole(dialect, encodeLoad(reply, reason));
  }
  if (!speaking.has(call.operation)) throw unable(call.operation);
  const request = dialect.decodeRequest(call.wire, call.operation);
  refuseNeeds(request);
  return generate(request, { ...reply, streamUsage: request.streamUsage }, { dialect, clock, signal });
}

interface GenerateParts {
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly signal: Signal;
}

async function generate(
  request: ChatRequest,
  reply: ReplyNames,
  parts: GenerateParts,
): Promise<UpstreamReply> {
  const { dialect, clock, signal } = parts;
  const events = speak(request, { tokenizer: await loadTokenizer(), clock, signal });
  if (request.stream) {
    return {
      status: 200,
      headers: { "content-type": dialect.streamType },
      body: encodeStream(dialect, events, reply),
    };
  }
  const result = await fold(events);
  if (result === undefined) throw new ProxyError("internal", "the demo model did not finish");
  return whole(dialect, dialect.encodeResult(result, reply));
}

const needTexts: Readonly<Record<Need, string>> = {
  tools: "registry.ollama.ai/library/demo:latest does not support tools",
  insert: "registry.ollama.ai/library/demo:latest does not support insert",
  thinking: '"demo" does not support thinking',
  images: '"demo" does not support images',
  format: '"demo" does not support format',
  logprobs: '"demo" does not support logprobs',
};

function refuseNeeds({ needs }: ChatRequest): void {
  const [first] = needs;
  if (first !== undefined) throw new ProxyError("upstream_rejected", needTexts[first]);
}

function unable(operation: string): ProxyError {
  return new ProxyError("not_supported", `"demo" does not support ${operation}`);
}

const showAnswer: JsonObject = {
  modelfile: '# Modelfile of the model inside Chasqui; "demo: off" in config.yaml removes it.\nFROM demo\n',
  details,
  model_info: {
    "general.architecture": "demo",
    "general.basename": "demo",
    "general.parameter_count": 0,
    "demo.context_length": contextLength,
    "demo.embedding_length": embeddingLength,
  },
  capabilities: ["completion"],
  modified_at: "2026-11-21T00:00:00Z",
};

function whole(dialect: Dialect, body: string | Uint8Array): UpstreamReply {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status: 200, headers: { "content-type": dialect.wholeType }, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
