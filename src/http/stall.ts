import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../lib/time.ts";

/**
 * Calls `stalled` once when the client has taken no byte of what waits for it for `waitMs`. Returns the function that
 * stops watching; it stops by itself when everything was taken or the connection is gone.
 */
export function watchStall(
  outgoing: ServerResponse,
  stalled: () => void,
  { clock, waitMs }: { clock: Clock; waitMs: number },
): () => void {
  let waiting = outgoing.writableLength;
  let timer: Timer;
  const check = (): void => {
    const left = outgoing.writableLength;
    if (left >= waiting) return stalled();
    waiting = left;
    timer = clock.after(waitMs, check);
  };
  timer = clock.after(waitMs, check);
  const stop = (): void => timer.cancel();
  outgoing.once("close", stop);
  return () => {
    outgoing.off("close", stop);
    stop();
  };
}
