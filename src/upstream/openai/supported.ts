import { ProxyError } from "../../core/error.ts";
import type { Signal } from "../../lib/abort.ts";
import type { JsonObject } from "../../lib/json.ts";
import { type AttemptParts, type Begun, post, type Posting, UnsupportedFieldError } from "./attempt.ts";

/** Fields that a model at a server refused once, by model; they are not sent to it again. */
export type Unsupported = Map<string, Set<string>>;

export interface Supported {
  readonly posting: Posting;
  /** The model under the upstream's own name. */
  readonly id: string;
  readonly unsupported: Unsupported;
  /** Whether an answer that does not stream would do. */
  readonly mayBeWhole: boolean;
}

/** An answer that has begun, and the fields of the request that had to be left out. */
export interface SupportedBegun extends Begun {
  readonly leftOut: readonly string[];
}

/** Fields that are refused one after the other, at most. */
const refusedMax = 6;

/**
 * Posts what the model supports: what it refused before is left out at once, and what it refuses now from now on. Some
 * servers refuse to stream some answers, e.g. JSON: where nobody waits for a stream they are asked once more without.
 * Rejects with ProxyError.
 */
export async function postSupported(
  parts: AttemptParts,
  { posting, id, unsupported, mayBeWhole }: Supported,
  signal: Signal,
): Promise<SupportedBegun> {
  const { body } = posting;
  const refused = new Set(unsupported.get(id));
  const send = async (without: ReadonlySet<string>): Promise<SupportedBegun> => ({
    ...(await post(parts, { ...posting, body: fitted(body, without) }, signal)),
    leftOut: leftOut(body, without),
  });
  for (let left = refusedMax; ; left -= 1) {
    try {
      return await send(refused);
    } catch (thrown) {
      const spared = left > 0 ? sparedBy(thrown, body, refused) : undefined;
      if (spared === undefined && (!mayBeWhole || !isRefused(thrown))) throw thrown;
      if (spared === undefined)
        return send(new Set([...refused, "stream"])).catch(() => {
          throw thrown;
        });
      refused.add(spared.field);
      if (!spared.isValue) remember(unsupported, id, spared.field);
    }
  }
}

function remember(unsupported: Unsupported, id: string, field: string): void {
  unsupported.set(id, (unsupported.get(id) ?? new Set<string>()).add(field));
}

/** Without these the answer would be to another question, or longer than somebody wants to pay for. */
const needed: ReadonlySet<string> = new Set([
  "model",
  "models",
  "messages",
  "prompt",
  "suffix",
  "input_prefix",
  "input_suffix",
  "tools",
  "tool_choice",
  "response_format",
  "json_schema",
  "grammar",
  "max_completion_tokens",
  "n_predict",
  "provider",
]);

/** A refusal that another attempt may get round, by leaving its field out. */
function sparedBy(
  thrown: unknown,
  body: JsonObject,
  refused: ReadonlySet<string>,
): UnsupportedFieldError | undefined {
  if (!(thrown instanceof UnsupportedFieldError)) return undefined;
  const { field } = thrown;
  return body[field] !== undefined && !needed.has(field) && !refused.has(field) ? thrown : undefined;
}

const isRefused = (thrown: unknown): boolean =>
  thrown instanceof ProxyError && (thrown.code === "upstream_rejected" || thrown.code === "model_not_found");

/** The body as it may be sent; a limit goes under its newer name, and nothing is said of a stream that is none. */
function fitted(body: JsonObject, refused: ReadonlySet<string>): JsonObject {
  const named = Object.entries(body).flatMap(([name, value]): [string, JsonObject[string]][] => {
    if (!refused.has(name) && !isOfStream(name, refused)) return [[name, value]];
    return name === "max_tokens" ? [["max_completion_tokens", value]] : [];
  });
  return Object.fromEntries(named);
}

const isOfStream = (name: string, refused: ReadonlySet<string>): boolean =>
  name === "stream_options" && refused.has("stream");

/** What changes the answer; whether it streams, and what a limit is called, does not. */
const leftOut = (body: JsonObject, refused: ReadonlySet<string>): string[] =>
  [...refused].filter((name) => body[name] !== undefined && !unseen.has(name));

const unseen: ReadonlySet<string> = new Set(["stream", "stream_options", "max_tokens"]);
