import { type Call, type Operation } from "../../core/call.ts";
import type { ChatRequest } from "../../core/chat.ts";
import { ProxyError } from "../../core/error.ts";
import { shortName } from "../../core/model-name.ts";
import type { ReplyNames } from "../../dialect/dialect.ts";
import { dialects } from "../../dialect/dialects.ts";
import { loadReason } from "../../dialect/ollama/request.ts";
import { encodeLoad } from "../../dialect/ollama/stream.ts";
import { textOf } from "../../dialect/values.ts";
import type { Signal } from "../../lib/abort.ts";
import { stringifyLine, type JsonObject } from "../../lib/json.ts";
import { loadTokenizer } from "../../lib/tokens.ts";
import { readBody } from "../models.ts";
import { renamedReply } from "../renamed.ts";
import type { ModelDetail, ModelList, Target, Upstream, UpstreamReply } from "../upstream.ts";
import { type AttemptParts, type Begun, isNoRoute, post, readRefusal } from "./attempt.ts";
import type { DetailListener, Details } from "./details.ts";
import { edit } from "./edit.ts";
import { embed, objectIn } from "./embed.ts";
import { showAnswer } from "./entry.ts";
import type { Kind } from "./kinds.ts";
import { isEdited, outgoingFor } from "./outgoing.ts";
import { type Reader, readAnswer } from "./reader.ts";
import { refuseUnable } from "./refuse.ts";
import type { OpenRouterOptions } from "./openrouter-options.ts";
import { postSupported, type Unsupported } from "./supported.ts";
import { translate } from "./translate.ts";

export interface AskParts extends AttemptParts {
  readonly kind: Kind;
  readonly isCloud: boolean;
  readonly details: Details;
  readonly list: () => ModelList;
  readonly openrouter: OpenRouterOptions;
}

const speaking = new Set<Operation>(["chat", "generate", "completions", "messages", "responses"]);
const embedding = new Set<Operation>(["embed", "embeddings"]);

const wholeBytesMax = 64 * 1_024 ** 2;

/** Answers calls of every dialect by OpenAI's API. */
export function createAsk(parts: AskParts): Upstream["send"] {
  const unsupported: Unsupported = new Map();
  let hasResponses = parts.kind.hasResponses;
  return async function ask(call, target, signal) {
    const { operation, dialect } = call;
    const detail = detailOf(parts.list(), target);
    if (operation === "show") return whole(call, stringifyLine(show(parts, target, detail)));
    if (embedding.has(operation)) return askEmbedding(parts, { call, detail }, signal);
    if (!speaking.has(operation)) throw cannot(call);
    const load = dialect === "ollama" ? loadReason(call.wire, operation) : undefined;
    if (load !== undefined) return loaded(parts, { call, detail }, load);
    if (operation === "responses" && hasResponses) {
      const reply = await relayResponses(parts, { call, detail }, signal);
      if (reply !== undefined) return reply;
      hasResponses = false;
    }
    const request = dialects[dialect].decodeRequest(call.wire, operation);
    refuseUnable(call, request, { flavour: parts.kind.flavour, detail });
    return generate(parts, { call, target, detail, request, unsupported }, signal);
  };
}

/** A model that is not listed is asked for by the name it was given: a server with one model answers to any. */
const detailOf = (list: ModelList, { key, model }: Target): ModelDetail =>
  list.details.get(key) ?? {
    id: shortName(model.trim()),
    contextTokens: undefined,
    lacks: [],
    price: undefined,
  };

interface Asked {
  readonly call: Call;
  readonly detail: ModelDetail;
}

interface Generating extends Asked {
  readonly target: Target;
  readonly request: ChatRequest;
  readonly unsupported: Unsupported;
}

async function generate(parts: AskParts, asked: Generating, signal: Signal): Promise<UpstreamReply> {
  const { call, request, detail } = asked;
  const offers = (id: string): boolean => [...parts.list().details.values()].some((one) => one.id === id);
  const outgoing = outgoingFor(call, request, { ...parts, detail, offers });
  const posting = {
    model: call.model,
    path: outgoing.path,
    body: outgoing.body,
    headers: headersFor(parts, call),
  };
  const { unsupported } = asked;
  const mayBeWhole = !request.stream && posting.body["stream"] === true && !parts.isCloud;
  const begun = await postSupported(parts, { posting, id: detail.id, unsupported, mayBeWhole }, signal);
  const reader = readerOf(parts, asked, begun);
  const answering = {
    call,
    request,
    names: namesFor(parts, asked),
    upstream: parts.name,
    onEnd: begun.end,
  };
  try {
    const reply = await (isEdited(call) ? edit : translate)(reader, answering);
    const { names } = reader.decoder;
    return {
      ...reply,
      lane: isEdited(call) ? "edit" : "translate",
      dropped: [...outgoing.dropped, ...begun.leftOut],
      meter: {
        ...meterOf(reader),
        generationId: () => generationOf(reader, begun.reply),
        model: () => names.model,
      },
    };
  } catch (thrown) {
    begun.end();
    await reader.pieces.return();
    throw withBegun(thrown, reader, begun.reply);
  }
}

const generationOf = ({ decoder }: Reader, { headers }: UpstreamReply): string | undefined =>
  decoder.names.id ?? headers["x-generation-id"];

/** What had begun may have been charged, although it failed. */
function withBegun(thrown: unknown, reader: Reader, reply: UpstreamReply): unknown {
  const usage = reader.usage();
  const hasBegun = reader.decoder.names.id !== undefined || usage !== undefined;
  if (hasBegun && thrown instanceof ProxyError)
    thrown.begun = { usage, generationId: generationOf(reader, reply) };
  return thrown;
}

/** What goes beside the body: nothing of the client's own leaves the house. */
function headersFor({ isCloud }: AskParts, { headers }: Call): Record<string, string> {
  const via = headers["x-chasqui-via"];
  return { accept: "text/event-stream", ...(isCloud || via === undefined ? {} : { "x-chasqui-via": via }) };
}

function readerOf(
  { name, clock, details, kind }: AskParts,
  { call, request }: Generating,
  { reply, watch, sentMs }: Begun,
): Reader {
  const reader = readAnswer(reply, {
    upstream: name,
    model: call.model,
    clock,
    sentMs,
    watch,
    countTokens: async (text) => (await loadTokenizer()).count(text),
    asked: () => request.messages.map(({ text }) => text).join("\n"),
  });
  if (kind.flavour !== "openrouter") return reader;
  return { ...reader, pieces: heard(reader.pieces, details.listen(call.asker.scope)) };
}

const meterOf = ({ usage, isFinal, estimate }: Reader) => ({ usage, isFinal, estimate });

/** The same pieces, listened to for what the provider wants back later. */
async function* heard(pieces: Reader["pieces"], listener: DetailListener): Reader["pieces"] {
  try {
    for await (const piece of pieces) {
      listener.data(piece.data);
      yield piece;
    }
    listener.end();
  } finally {
    await pieces.return();
  }
}

function namesFor({ clock, list }: AskParts, { call, target, request }: Generating): ReplyNames {
  const entry = list().byKey.get(target.key);
  const remote = entry?.["remote_host"];
  return {
    operation: call.operation,
    model: call.model,
    createdMs: clock.epochMs(),
    id: call.id,
    streamUsage: request.streamUsage,
    nowMs: clock.epochMs,
    asked: call.wire,
    remote: typeof remote === "string" ? { model: textOf(entry?.["remote_model"]), host: remote } : undefined,
  };
}

/** Only a router keeps models in and out of its memory; elsewhere there is nothing to do. */
async function loaded(
  { kind, clock }: AskParts,
  { call, detail }: Asked,
  reason: "load" | "unload",
): Promise<UpstreamReply> {
  if (reason === "unload") await kind.unload?.(detail.id);
  const { operation, model, id } = call;
  const names = { operation, model, createdMs: clock.epochMs(), id, streamUsage: true };
  return whole(call, encodeLoad(names, reason));
}

function show({ list, kind }: AskParts, { key, model }: Target, detail: ModelDetail): JsonObject {
  const entry = list().byKey.get(key);
  return showAnswer(entry ?? { name: model, capabilities: ["completion"] }, {
    ...detail,
    lacks: kind.flavour === "llama-server" ? detail.lacks : [],
  });
}

async function askEmbedding(
  parts: AskParts,
  { call, detail }: Asked,
  signal: Signal,
): Promise<UpstreamReply> {
  const { name, clock, kind } = parts;
  const path = `${kind.prefix}/embeddings`;
  const { text, usage, dropped } = await embed(call, {
    id: detail.id,
    upstream: name,
    clock,
    post: async (body) => {
      const posting = { model: call.model, path, body, headers: headersFor(parts, call) };
      const begun = await post(parts, posting, signal);
      try {
        const bytes = await readBody(begun.reply.body, wholeBytesMax);
        return objectIn(bytes ?? new Uint8Array(0), name);
      } finally {
        begun.end();
      }
    },
  });
  const none = { inputTokens: 0, outputTokens: 0 };
  const meter = {
    usage: () => usage,
    isFinal: () => true,
    estimate: () => Promise.resolve(usage ?? none),
    generationId: () => undefined,
    model: () => undefined,
  };
  return { ...whole(call, text), dropped, meter, lane: call.dialect === "openai" ? "edit" : "translate" };
}

/** The upstream's own `/responses`; undefined when it has none. */
async function relayResponses(
  parts: AskParts,
  { call, detail }: Asked,
  signal: Signal,
): Promise<UpstreamReply | undefined> {
  const { pool, kind, name } = parts;
  const body = Buffer.from(stringifyLine({ ...call.wire, model: detail.id }));
  const headers = { ...headersFor(parts, call), "content-type": "application/json" };
  const attempt = { method: "POST", path: `${kind.prefix}/responses`, headers, body, repeatable: true };
  const reply = await pool.send(attempt, signal);
  if (reply.status === 200) return { ...renamedReply(reply, call, name), lane: "edit" };
  const said = await readRefusal(reply, name, call.model);
  if (isNoRoute(said)) return undefined;
  throw said.error;
}

/** Calls that this kind of server cannot do: models are not pulled, made or deleted there. */
const cannot = ({ operation, model }: Call): ProxyError =>
  new ProxyError("not_supported", `${JSON.stringify(model)} does not support ${operation}`);

function whole({ dialect }: Call, body: string | Uint8Array): UpstreamReply {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { status: 200, headers: { "content-type": dialects[dialect].wholeType }, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
