import type { Clock, Timer } from "../../lib/time.ts";
import type { FromWorker, PutRow, ToWorker } from "./messages.ts";

/** Writes on their way to the writing thread, in batches; when it does not keep up, further ones are dropped. */
export interface Queue {
  readonly put: (row: PutRow) => void;
  readonly remove: (key: Uint8Array) => void;
  readonly touch: (keys: readonly Uint8Array[]) => void;
  readonly flush: () => void;
  /** A batch is written, or given up: `isLost`. */
  readonly wrote: (message: FromWorker & { type: "wrote" }, isLost: boolean) => void;
  /** The thread is gone, and with it what was on its way. */
  readonly forget: () => void;
  readonly dropped: number;
}

const batchRows = 64;
const batchBytes = 1_024 ** 2;
const batchMs = 50;
const operationsMax = 10_000;
const bytesMax = 64 * 1_024 ** 2;

/** `send` returns false while there is no thread; the batch stays then. */
export function createQueue(clock: Clock, send: (message: ToWorker) => boolean): Queue {
  let { puts, removes, touches, gathered } = emptyBatch();
  /** Of all that is not yet written, gathered or sent. */
  let operations = 0;
  let bytes = 0;
  let dropped = 0;
  let timer: Timer | undefined;

  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    if (puts.length + removes.length + touches.length === 0) return;
    if (!send({ type: "write", puts, removes, touches, nowMs: clock.epochMs() })) return;
    ({ puts, removes, touches, gathered } = emptyBatch());
  };
  const later = (): void => {
    if (puts.length + removes.length >= batchRows || gathered >= batchBytes) flush();
    else timer ??= clock.after(batchMs, flush);
  };
  /** Whether one more operation may wait; one that may not is counted. */
  const admit = (more: number): boolean => {
    const isIn = operations < operationsMax && bytes + more <= bytesMax;
    if (isIn) operations += 1;
    else dropped += 1;
    return isIn;
  };

  return {
    put(row) {
      const size = row.bytes.length;
      if (!admit(size)) return;
      puts.push(row);
      bytes += size;
      gathered += size;
      later();
    },
    remove(key) {
      if (!admit(0)) return;
      removes.push(key);
      later();
    },
    touch(keys) {
      if (keys.length === 0) return;
      touches.push(...keys);
      later();
    },
    flush,
    wrote(message, isLost) {
      operations -= message.operations;
      bytes -= message.bytes;
      if (isLost) dropped += message.operations;
    },
    forget() {
      const kept = puts.length + removes.length;
      dropped += operations - kept;
      operations = kept;
      bytes = gathered;
    },
    get dropped() {
      return dropped;
    },
  };
}

interface Batch {
  readonly puts: PutRow[];
  readonly removes: Uint8Array[];
  readonly touches: Uint8Array[];
  /** Bytes of its entries. */
  readonly gathered: number;
}

const emptyBatch = (): Batch => ({ puts: [], removes: [], touches: [], gathered: 0 });
