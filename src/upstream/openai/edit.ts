import { dialects } from "../../dialect/dialects.ts";
import { doneFrame, doneMarker } from "../../dialect/openai/stream.ts";
import { isObject, type JsonObject, stringifyLine, tryParse } from "../../lib/json.ts";
import type { UpstreamReply } from "../upstream.ts";
import type { Reader } from "./reader.ts";
import { translate, type TranslateParts } from "./translate.ts";

/**
 * The answer for a client that speaks the upstream's own dialect: every event as it came, fields that nobody here knows
 * included, but for the name of the model and the token counts that were not asked for. Resolves as `translate` does.
 */
export async function edit(reader: Reader, parts: TranslateParts): Promise<UpstreamReply> {
  if (!parts.request.stream) return editWhole(reader, parts);
  const held: string[] = [];
  for (let next = await reader.pieces.next(); next.done !== true; next = await reader.pieces.next()) {
    held.push(...next.value.data);
    if (next.value.events.length > 0) break;
  }
  return {
    status: 200,
    headers: { "content-type": dialects.openai.streamType },
    body: edited(held, reader, parts),
  };
}

async function* edited(
  first: readonly string[],
  { pieces }: Reader,
  parts: TranslateParts,
): AsyncGenerator<Uint8Array, void, undefined> {
  const write = (data: readonly string[]): Buffer =>
    Buffer.from(data.map((one) => editedEvent(one, parts)).join(""));
  try {
    yield write(first);
    for await (const { data } of pieces) {
      const bytes = write(data);
      if (bytes.length > 0) yield bytes;
    }
    yield Buffer.from(doneFrame);
  } finally {
    await pieces.return();
    parts.onEnd();
  }
}

/** One event; empty for token counts that the client did not ask for, and for the end, which is told when it is certain. */
function editedEvent(data: string, { names, request }: TranslateParts): string {
  if (data === doneMarker) return "";
  const value = tryParse(data);
  if (!isObject(value)) return `data: ${data}\n\n`;
  const { choices, usage } = value;
  const isCount = Array.isArray(choices) && choices.length === 0 && isObject(usage);
  if (isCount && !request.streamUsage) return "";
  if (value["model"] === names.model && !data.includes(llamaName)) return `data: ${data}\n\n`;
  return `data: ${stringifyLine(named(value, names.model))}\n\n`;
}

/** What llama-server calls thoughts; Ollama and OpenRouter call them `reasoning`. */
const llamaName = "reasoning_content";

/** With the client's name for the model, and thoughts under both their names. */
function named(value: JsonObject, model: string): JsonObject {
  const { choices } = value;
  if (!Array.isArray(choices)) return { ...value, model };
  const both = choices.map((choice) => (isObject(choice) ? withBothNames(choice) : choice));
  return { ...value, model, choices: both };
}

function withBothNames(choice: JsonObject): JsonObject {
  const field = isObject(choice["delta"]) ? "delta" : "message";
  const said = choice[field];
  if (!isObject(said) || typeof said[llamaName] !== "string" || said["reasoning"] !== undefined)
    return choice;
  return { ...choice, [field]: { ...said, reasoning: said[llamaName] } };
}

/** The whole answer: what the stream adds up to with all its fields, or what of it is understood. */
async function editWhole(reader: Reader, parts: TranslateParts): Promise<UpstreamReply> {
  const all: string[] = [];
  const kept: Reader = { ...reader, pieces: keeping(reader.pieces, all) };
  const understood = await translate(kept, parts);
  const [only] = all;
  const alone = all.length === 1 ? tryParse(only ?? "") : undefined;
  const whole =
    alone ??
    dialects.openai.replay.foldStream(
      Buffer.from(all.map((data) => `data: ${data}\n\n`).join("")),
      parts.call.operation,
    );
  if (!isObject(whole)) return understood;
  await understood.body[Symbol.asyncIterator]().return?.();
  const body = Buffer.from(`${stringifyLine(named(whole, parts.names.model))}\n`);
  return { ...understood, body: bytesOf(body) };
}

async function* keeping(pieces: Reader["pieces"], all: string[]): Reader["pieces"] {
  for await (const piece of pieces) {
    all.push(...piece.data);
    yield piece;
  }
}

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
