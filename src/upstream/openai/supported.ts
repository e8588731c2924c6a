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

/**
 * Posts what the model supports: what it refused before is left out at once, and what it refuses now from now on. Some
 * servers refuse to stream some answers, e.g. JSON: where nobody waits for a stream they are asked once more without.
 * Rejects with ProxyError.
 */
export async function postSupported(parts: AttemptParts, asked: Supported, signal: Signal): Promise<Begun> {
  const { posting, id, unsupported, mayBeWhole } = asked;
  const known = unsupported.get(id) ?? new Set<string>();
  const without = (): Posting => ({ ...posting, body: omit(posting.body, known) });
  try {
    return await post(parts, without(), signal);
  } catch (thrown) {
    if (thrown instanceof UnsupportedFieldError && !known.has(thrown.field)) {
      known.add(thrown.field);
      unsupported.set(id, known);
      return post(parts, without(), signal);
    }
    if (!mayBeWhole || !isRefused(thrown)) throw thrown;
    const body = omit(without().body, streamFields);
    return post(parts, { ...posting, body }, signal).catch(() => {
      throw thrown;
    });
  }
}

const streamFields: ReadonlySet<string> = new Set(["stream", "stream_options"]);

const isRefused = (thrown: unknown): boolean =>
  thrown instanceof ProxyError && (thrown.code === "upstream_rejected" || thrown.code === "model_not_found");

const omit = (body: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.has(name)));
