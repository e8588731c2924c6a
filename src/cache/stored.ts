import { deriveKey } from "./key.ts";
import { isObject, type Json, tryParse, type JsonObject } from "../lib/json.ts";
import {
  decodeEntry,
  encodeEntry,
  type Entry,
  type EntryFault,
  payloadBytesMax,
  type Seal,
} from "./entry.ts";

/** An answer as it is kept, and what is known of it. */
export interface Stored extends Kept {
  /** SHA-256 of the canonical request it answers. */
  readonly fingerprint: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Milliseconds since 1970; from then on it is stale. */
  readonly expiresMs: number;
  /** Bytes of its text. */
  readonly bytes: number;
}

/** What is packed into an entry. */
export interface Kept {
  /** The key of the model that answered. */
  readonly model: string;
  readonly scope: string;
  /** Headers that tell how it was made, for answers whose model was chosen. */
  readonly told?: Readonly<Record<string, string>> | undefined;
  /** The whole answer in the client dialect's form without streaming; of an embedding, `{"vector": its JSON text}`. */
  readonly answer: JsonObject;
  /** False when it can only be given as a stream: its token counts were never told. */
  readonly isWhole: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Milliseconds it took to make. */
  readonly savedMs: number;
  /** Milliseconds since 1970 from which on it is of no use, not even as a stale answer. */
  readonly keepUntilMs: number;
}

/** An answer that is to be stored. */
export interface Weighed {
  readonly stored: Stored;
  /** What is to be sealed, so that it may lie in Redis and SQLite. */
  readonly entry: Entry;
}

/** What an answer weighs; undefined when it is too large to be stored. */
export function weigh(
  kept: Kept,
  times: Pick<Stored, "fingerprint" | "createdMs" | "expiresMs">,
): Weighed | undefined {
  const payload = Buffer.from(JSON.stringify(kept));
  if (payload.length > payloadBytesMax) return undefined;
  return { stored: { ...kept, ...times, bytes: payload.length }, entry: { ...times, payload } };
}

/** Reads such bytes; a fault when they are no entry of ours. */
export function unpackStored(bytes: Uint8Array, seal: Seal): Stored | EntryFault {
  const entry = decodeEntry(bytes, seal);
  if (typeof entry === "string") return entry;
  const text = Buffer.from(entry.payload.buffer, entry.payload.byteOffset, entry.payload.byteLength);
  const kept = tryParse(text.toString("utf8"));
  if (!isKept(kept)) return "version";
  return {
    ...kept,
    fingerprint: Uint8Array.from(entry.fingerprint),
    createdMs: entry.createdMs,
    expiresMs: entry.expiresMs,
    bytes: entry.payload.length,
  };
}

/** What of an answer is packed, so that it may be stored in another place. */
export const keptOf = (stored: Stored): Kept => ({
  model: stored.model,
  scope: stored.scope,
  answer: stored.answer,
  isWhole: stored.isWhole,
  inputTokens: stored.inputTokens,
  outputTokens: stored.outputTokens,
  savedMs: stored.savedMs,
  keepUntilMs: stored.keepUntilMs,
  told: stored.told,
});

/** Where entries are to lie. */
export interface Keying {
  readonly secret: Uint8Array;
  readonly epoch: number;
}

/** An entry as it lies under another secret or epoch, and its key there; undefined when it is damaged. */
export function resealEntry(
  bytes: Uint8Array,
  seal: Seal,
  { secret, epoch }: Keying,
): { readonly key: Buffer; readonly bytes: Buffer } | undefined {
  const stored = unpackStored(bytes, seal);
  const entry = decodeEntry(bytes, seal);
  if (typeof stored === "string" || typeof entry === "string") return undefined;
  const key = deriveKey(secret, { name: stored.scope, epoch }, entry.fingerprint);
  return { key, bytes: encodeEntry(entry, { secret, key }) };
}

const numbers = ["inputTokens", "outputTokens", "savedMs", "keepUntilMs"] as const;

function isKept(value: unknown): value is Kept & JsonObject {
  return (
    isObject(value) &&
    isObject(value["answer"]) &&
    typeof value["model"] === "string" &&
    typeof value["scope"] === "string" &&
    typeof value["isWhole"] === "boolean" &&
    isTold(value["told"]) &&
    numbers.every((name) => typeof value[name] === "number")
  );
}

const isTold = (told: Json | undefined): boolean =>
  told === undefined || (isObject(told) && Object.values(told).every((header) => typeof header === "string"));
