import { ProxyError } from "../core/error.ts";
import type { Logger } from "../lib/log.ts";
import type { Daemon } from "../main.ts";
import { exitCodes } from "./exit-codes.ts";

export interface DrainTimes {
  /** Milliseconds in which running answers may end by themselves. */
  readonly drain: number;
  /** Milliseconds in which new requests are still taken while `/readyz` says 503. */
  readonly shutdown_delay: number;
}

/** Answers that were broken off get this long to be told. */
const farewellMs = 500;

const checkMs = 20;

/** The first SIGTERM or SIGINT drains the daemon, the second one ends it at once. */
export function drainOnSignals(daemon: Daemon, timesNow: () => DrainTimes, log: () => Logger): void {
  let first = true;
  for (const [signal, code] of [
    ["SIGTERM", exitCodes.terminated],
    ["SIGINT", exitCodes.interrupted],
  ] as const) {
    process.on(signal, () => {
      if (!first) process.exit(code);
      first = false;
      const times = timesNow();
      log().info("draining", { signal, in_flight: daemon.exchanges.size, drain_ms: times.drain });
      void drain(daemon, times).then(async (cut) => {
        await daemon.close();
        log().info("stopped", { cut });
        process.exit(exitCodes.ok);
      });
    });
  }
}

/** Takes nothing new, lets running answers end, breaks off the rest; resolves with how many those were. */
async function drain(daemon: Daemon, times: DrainTimes): Promise<number> {
  daemon.beginDrain();
  await sleep(times.shutdown_delay);
  daemon.drain();
  daemon.server.close();
  await until(() => daemon.exchanges.size === 0, times.drain);
  const cut = daemon.exchanges.size;
  for (const exchange of daemon.exchanges) {
    exchange.abort(new ProxyError("draining", "Chasqui is shutting down", { retryAfterMs: 1_000 }));
  }
  await until(() => daemon.exchanges.size === 0, farewellMs);
  daemon.server.closeAllConnections();
  return cut;
}

async function until(done: () => boolean, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!done() && performance.now() < deadline) await sleep(checkMs);
}

/** Unlike other timers this one keeps the process alive: it is about to end in order. */
const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)));
