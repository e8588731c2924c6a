import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { Decompress } from "fzstd";
import { ProxyError } from "../core/error.ts";
import type { Signal } from "../lib/abort.ts";
import { formatSize } from "../lib/size.ts";
import type { Clock, Timer } from "../lib/time.ts";
import { largestWindow } from "../lib/zstd-frames.ts";

export interface BodyLimits {
  /** Bytes of a body that is read whole. */
  readonly bytesMax: number;
  /** Longest wait for more of a body, in milliseconds. */
  readonly idleMs: number;
  /** Longest time for the whole of a body that is read whole, in milliseconds. */
  readonly totalMs: number;
}

export interface ReadParts {
  readonly clock: Clock;
  readonly signal: Signal;
  /** Asked before so many more bytes are kept. */
  readonly hold: (bytes: number) => boolean;
}

/** Reads a body whole. Rejects with ProxyError when it is too large or too slow, or with the signal's reason. */
export function readWhole(
  incoming: IncomingMessage,
  limits: BodyLimits,
  { clock, signal, hold }: ReadParts,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let watch: BodyWatch | undefined;
    // Most bodies are there before the next event is due, and need no timer.
    const soon = setImmediate(() => {
      watch = createBodyWatch({ ...limits, clock, late: fail });
    });
    const stop = (): void => {
      clearImmediate(soon);
      watch?.stop();
      incoming.off("data", take);
      incoming.off("end", end);
      signal.removeEventListener("abort", abort);
    };
    const fail = (error: unknown): void => {
      stop();
      incoming.pause();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const abort = (): void => fail(signal.reason);
    const take = (chunk: Buffer): void => {
      watch?.progress();
      bytes += chunk.length;
      if (bytes > limits.bytesMax) fail(tooLarge(limits.bytesMax));
      else if (hold(chunk.length)) chunks.push(chunk);
      else fail(new ProxyError("overloaded", "too many large requests at once", { retryAfterMs: 1_000 }));
    };
    const end = (): void => {
      stop();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    };
    if (Number(incoming.headers["content-length"] ?? 0) > limits.bytesMax)
      return fail(tooLarge(limits.bytesMax));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    incoming.on("data", take);
    incoming.on("end", end);
  });
}

const tooLarge = (bytesMax: number): ProxyError =>
  new ProxyError("body_too_large", `the request body is larger than ${formatSize(bytesMax)}`);

export interface BodyWatchOptions {
  readonly idleMs: number;
  /** 0 means that only idleness counts. */
  readonly totalMs: number;
  readonly clock: Clock;
  readonly late: (error: ProxyError) => void;
}

/** Watches a body come in. */
interface BodyWatch {
  progress(): void;
  stop(): void;
}

/**
 * Calls `late` when a body does not come: Node's own limit covers a whole request, however large, so it cannot tell a
 * long upload from a slow-loris.
 */
function createBodyWatch({ idleMs, totalMs, clock, late }: BodyWatchOptions): BodyWatch {
  let lastAtMs = clock.monotonicMs();
  let timer: Timer | undefined;
  const tell = (): void => late(new ProxyError("body_timeout", "the request body did not arrive in time"));
  const arm = (): void => {
    timer = clock.after(lastAtMs + idleMs - clock.monotonicMs(), () => {
      if (clock.monotonicMs() - lastAtMs >= idleMs) tell();
      else arm();
    });
  };
  arm();
  const total = totalMs > 0 ? clock.after(totalMs, tell) : undefined;
  return {
    progress() {
      lastAtMs = clock.monotonicMs();
    },
    stop() {
      timer?.cancel();
      total?.cancel();
    },
  };
}

/**
 * A body that is passed on as it comes, never held, watched while it flows. When it is left before its end, the
 * connection stays, so that the client can still be answered.
 */
export function streamedBody(incoming: IncomingMessage, options: BodyWatchOptions): Readable {
  return Readable.from(watched(incoming, options), { objectMode: false });
}

async function* watched(
  incoming: IncomingMessage,
  options: BodyWatchOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const watch = createBodyWatch(options);
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      watch.progress();
      yield chunk;
    }
  } finally {
    watch.stop();
  }
}

/** What a zstd body may unpack to; Ollama's own limit. */
const unpackedBytesMax = 20 * 1_024 ** 2;

/** What the unpacking may need to remember; the most that RFC 8878 asks every reader to support. */
const windowBytesMax = 8 * 1_024 ** 2;

const undecipherable = (cause?: unknown): ProxyError =>
  new ProxyError("invalid_request", "failed to decompress request body", { cause });

/** Unpacks a body with `Content-Encoding: zstd`, which some clients of `/v1` send. Throws ProxyError. */
export function unpackZstd(packed: Uint8Array): Uint8Array {
  const windowBytes = largestWindow(packed);
  if (windowBytes === undefined || windowBytes > windowBytesMax) throw undecipherable();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream = new Decompress((chunk) => {
    bytes += chunk.length;
    if (bytes > unpackedBytesMax) throw tooLarge(unpackedBytesMax);
    chunks.push(chunk);
  });
  try {
    stream.push(packed, true);
  } catch (thrown) {
    if (thrown instanceof ProxyError) throw thrown;
    throw undecipherable(thrown);
  }
  return Buffer.concat(chunks);
}
