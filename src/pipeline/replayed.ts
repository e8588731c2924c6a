import type { Stored } from "../cache/stored.ts";
import type { Call, Reply } from "../core/call.ts";
import type { ReplyNames } from "../dialect/dialect.ts";
import { dialects } from "../dialect/dialects.ts";
import { headerText } from "../lib/header-text.ts";
import { field, isObject } from "../lib/json.ts";
import type { Stamp } from "./template.ts";

/** Whether a call wants its answer as a stream: Ollama streams unless told not to, the others only when told to. */
export function wantsStream({ dialect, operation, wire }: Call): boolean {
  if (operation === "embed" || operation === "embeddings") return false;
  return dialect === "ollama" ? field(wire, "stream") !== false : field(wire, "stream") === true;
}

/** How a stored answer is written in the form a call asks for, whole, at once. */
export interface Rendering {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The text for a request of this id at this time; undefined when the answer cannot be given in that form. */
  readonly render: (stamp: Stamp) => string | undefined;
}

/** Undefined when the answer cannot be given in the form that the call asks for. */
export function renderText(call: Call, { answer, isWhole, told }: Stored): Rendering | undefined {
  const dialect = dialects[call.dialect];
  const isStream = wantsStream(call);
  if (!isStream && !isWhole) return undefined;
  const { renderStream, renderWhole } = dialect.replay;
  const names = namesFor(call);
  return {
    contentType: isStream ? dialect.streamType : dialect.wholeType,
    headers: { "X-Chasqui-Model": headerText(call.model), ...told },
    render: (stamp) => (isStream ? renderStream : renderWhole)(answer, { ...names, ...stamp }),
  };
}

/** A stored answer as the reply to a call; undefined when it cannot be given in the form that is asked for. */
export function renderStored(call: Call, stored: Stored, createdMs: number): Reply | undefined {
  const rendering = renderText(call, stored);
  const text = rendering?.render({ id: call.id, createdMs });
  if (rendering === undefined || text === undefined) return undefined;
  const { contentType, headers } = rendering;
  return { status: 200, contentType, headers, body: Buffer.from(text) };
}

function namesFor({ dialect, operation, model, wire }: Call): Omit<ReplyNames, keyof Stamp> {
  const options = field(wire, "stream_options");
  const wantsUsage = isObject(options) && options["include_usage"] === true;
  return { operation, model, streamUsage: dialect !== "openai" || wantsUsage };
}
