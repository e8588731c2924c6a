import type { IncomingMessage } from "node:http";
import type { Clock } from "../lib/time.ts";

/** A client that was answered may still be sending; so much of it, for so long, is read and thrown away. */
const lingerBytesMax = 1_048_576;
const lingerMs = 1_000;

/**
 * Reads the rest of a request that was answered early, so that its client gets to see the answer instead of a reset
 * connection; ends the connection when the rest does not come, or is too much.
 */
export function linger(incoming: IncomingMessage, clock: Clock): void {
  if (incoming.complete || incoming.destroyed) return;
  let bytes = 0;
  const timer = clock.after(lingerMs, () => incoming.destroy());
  incoming.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytesMax) incoming.destroy();
  });
  for (const event of ["end", "close"]) incoming.once(event, () => timer.cancel());
  incoming.resume();
}
