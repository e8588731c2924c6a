import type { Call } from "../../core/call.ts";
import type { ChatRequest } from "../../core/chat.ts";
import { ProxyError } from "../../core/error.ts";
import { createFold, type StreamEvent } from "../../core/event.ts";
import type { ReplyNames } from "../../dialect/dialect.ts";
import { dialects } from "../../dialect/dialects.ts";
import type { UpstreamReply } from "../upstream.ts";
import type { Reader } from "./reader.ts";

export interface TranslateParts {
  readonly call: Call;
  readonly request: ChatRequest;
  readonly names: ReplyNames;
  readonly upstream: string;
  /** Told when the answer has ended, or was left. */
  readonly onEnd: () => void;
}

/**
 * The answer in the client's own dialect. Resolves when the answer has really begun, so that whatever goes wrong before
 * may still be asked elsewhere; an answer without streaming resolves when all of it is there.
 */
export async function translate(reader: Reader, parts: TranslateParts): Promise<UpstreamReply> {
  const dialect = dialects[parts.call.dialect];
  const { pieces } = reader;
  if (!parts.request.stream) {
    const result = await folded(reader, parts);
    const body = dialect.encodeResult(result, parts.names);
    return { ...good(dialect.wholeType), body: once(body) };
  }
  const first = await firstEvents(pieces);
  const encoder = dialect.createEncoder(parts.names);
  const write = (events: readonly StreamEvent[]): Buffer =>
    Buffer.from(events.map((event) => encoder.encode(event)).join(""));
  return { ...good(dialect.streamType), body: written(first, reader, { write, onEnd: parts.onEnd }) };
}

const good = (contentType: string) => ({ status: 200, headers: { "content-type": contentType } });

async function folded({ pieces }: Reader, { upstream, onEnd }: TranslateParts) {
  const whole = createFold();
  try {
    for await (const { events } of pieces) for (const event of events) whole.add(event);
  } finally {
    onEnd();
  }
  const result = whole.result();
  if (result === undefined)
    throw new ProxyError("upstream_broken", `upstream ${upstream} broke off its answer`, { upstream });
  return result;
}

/** The first events that say something; names, roles and comments do not. */
async function firstEvents(pieces: Reader["pieces"]): Promise<readonly StreamEvent[]> {
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
    if (next.value.events.length > 0) return next.value.events;
  return [];
}

interface Writing {
  readonly write: (events: readonly StreamEvent[]) => Uint8Array;
  readonly onEnd: () => void;
}

async function* written(
  first: readonly StreamEvent[],
  { pieces }: Reader,
  { write, onEnd }: Writing,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield write(first);
    for await (const { events } of pieces) if (events.length > 0) yield write(events);
  } finally {
    await pieces.return();
    onEnd();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
