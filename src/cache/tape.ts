import { ProxyError } from "../core/error.ts";
import type { Signal } from "../lib/abort.ts";

/** An answer as it comes in: read as fast as the fastest watcher reads, and kept from its beginning for the others. */
export interface Tape {
  readonly record: (source: AsyncIterable<Uint8Array>) => void;
  /** The answer from its beginning; `leave` is called when the watcher has had enough or all, or is aborted. */
  readonly play: (leave: () => void, signal: Signal) => AsyncIterable<Uint8Array>;
  /** Leaves what is recorded, unless it has ended. */
  readonly stop: () => void;
}

/** `onLost` is called when the beginning is given up, so that nobody new may come; also at the end. */
export function createTape(bytesMax: number, onLost: () => void): Tape {
  const reel = createReel(bytesMax, onLost);
  let source: AsyncIterator<Uint8Array> | undefined;
  let reading: Promise<void> | undefined;

  const readOne = async (): Promise<void> => {
    try {
      const next = await source?.next();
      if (next === undefined || next.done === true) reel.finish({});
      else reel.take(next.value);
    } catch (thrown) {
      reel.finish({ error: thrown });
    } finally {
      reading = undefined;
    }
  };

  /** Reads on until the chunk is there, or the watcher is aborted. */
  const readUntil = async (position: number, signal: Signal): Promise<Uint8Array | undefined> => {
    for (;;) {
      signal.throwIfAborted();
      const chunk = reel.chunkAt(position);
      if (chunk !== "later") return chunk;
      reading ??= readOne();
      await settledOrAborted(reading, signal);
    }
  };

  return {
    record(body) {
      source = body[Symbol.asyncIterator]();
      if (reel.isFinished) void source.return?.();
    },
    play: (leave, signal) => createPlayer(readUntil, leave, signal),
    stop() {
      if (reel.isFinished) return;
      reel.finish({ error: new ProxyError("client_closed", "the answer was left") });
      void source?.return?.();
    },
  };
}

/** What is kept of an answer. */
interface Reel {
  readonly isFinished: boolean;
  readonly take: (chunk: Uint8Array) => void;
  readonly finish: (how: { readonly error?: unknown }) => void;
  /** Undefined at the end, "later" for what is not there yet. Throws what broke the answer off, and for what is lost. */
  readonly chunkAt: (position: number) => Uint8Array | "later" | undefined;
}

function createReel(bytesMax: number, onLost: () => void): Reel {
  const chunks: Uint8Array[] = [];
  let firstKept = 0;
  let bytes = 0;
  let end: { readonly error?: unknown } | undefined;
  return {
    get isFinished() {
      return end !== undefined;
    },
    take(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      while (bytes > bytesMax && chunks.length > 1) {
        bytes -= chunks.shift()?.length ?? 0;
        firstKept += 1;
        onLost();
      }
    },
    finish(how) {
      end ??= how;
      onLost();
    },
    chunkAt(position) {
      if (position < firstKept)
        throw new ProxyError("overloaded", "this answer was read too slowly to be shared");
      const chunk = chunks[position - firstKept];
      if (chunk !== undefined) return chunk;
      if (end === undefined) return "later";
      if ("error" in end) throw end.error;
      return undefined;
    },
  };
}

/** One watcher's place on the tape. */
function createPlayer(
  chunkAt: (position: number, signal: Signal) => Promise<Uint8Array | undefined>,
  leave: () => void,
  signal: Signal,
): AsyncIterable<Uint8Array> {
  let position = 0;
  const done = (): { done: true; value: undefined } => {
    leave();
    signal.removeEventListener("abort", leave);
    return { done: true, value: undefined };
  };
  signal.addEventListener("abort", leave);
  const iterator: AsyncIterator<Uint8Array, void, undefined> = {
    async next() {
      try {
        const value = await chunkAt(position, signal);
        position += 1;
        return value === undefined ? done() : { done: false, value };
      } catch (thrown) {
        done();
        throw thrown;
      }
    },
    return: () => Promise.resolve(done()),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Resolves when `work` has settled, or at once when the signal is aborted. */
function settledOrAborted(work: Promise<void>, signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener("abort", finish);
      resolve();
    };
    signal.addEventListener("abort", finish);
    void work.then(finish);
  });
}
