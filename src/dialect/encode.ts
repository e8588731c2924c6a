import type { StreamEvent } from "../core/event.ts";
import type { Dialect, ReplyNames } from "./dialect.ts";

/** Encodes a stream of events; ends without a terminal frame when the events do. */
export async function* encodeStream(
  dialect: Dialect,
  events: AsyncIterable<StreamEvent>,
  reply: ReplyNames,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = dialect.createEncoder(reply);
  for await (const event of events) {
    const text = encoder.encode(event);
    if (text !== "") yield Buffer.from(text);
  }
}
