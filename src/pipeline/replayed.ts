import type { Stored } from "../cache/stored.ts";
import type { Call, Reply } from "../core/call.ts";
import type { ReplyNames } from "../dialect/dialect.ts";
import { dialects } from "../dialect/dialects.ts";
import { headerText } from "../lib/header-text.ts";
import { field, isObject } from "../lib/json.ts";

/** Whether a call wants its answer as a stream: Ollama streams unless told not to, the others only when told to. */
export function wantsStream({ dialect, operation, wire }: Call): boolean {
  if (operation === "embed" || operation === "embeddings") return false;
  return dialect === "ollama" ? field(wire, "stream") !== false : field(wire, "stream") === true;
}

/** A stored answer in the form a call asks for, whole, at once; undefined when it cannot be given in that form. */
export function renderStored(call: Call, { answer, isWhole }: Stored, nowMs: number): Reply | undefined {
  const dialect = dialects[call.dialect];
  const isStream = wantsStream(call);
  const names = namesFor(call, nowMs);
  if (!isStream && !isWhole) return undefined;
  const text = isStream
    ? dialect.replay.renderStream(answer, names)
    : dialect.replay.renderWhole(answer, names);
  if (text === undefined) return undefined;
  return {
    status: 200,
    contentType: isStream ? dialect.streamType : dialect.wholeType,
    headers: { "X-Chasqui-Model": headerText(call.model) },
    body: Buffer.from(text),
  };
}

function namesFor({ id, dialect, operation, model, wire }: Call, createdMs: number): ReplyNames {
  const options = field(wire, "stream_options");
  const wantsUsage = isObject(options) && options["include_usage"] === true;
  return { operation, model, createdMs, id, streamUsage: dialect !== "openai" || wantsUsage };
}
