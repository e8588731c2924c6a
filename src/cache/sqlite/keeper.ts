import { renameSync, rmSync } from "node:fs";
import type { Logger } from "../../lib/log.ts";
import type { Clock } from "../../lib/time.ts";
import type { FromWorker, WorkerSettings } from "./messages.ts";
import { startWorkers, type Workers } from "./workers.ts";

export interface KeeperParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly onReady: (message: FromWorker & { type: "ready" }) => void;
  readonly onMessage: (message: FromWorker) => void;
  /** The threads are gone, and what was on its way with them. */
  readonly onStop: () => void;
}

/** Keeps the threads running: starts them anew when they end, with a new file when the old one is damaged. */
export interface Keeper {
  /** Undefined while they are being started. */
  readonly workers: Workers | undefined;
  /** Stops for good; resolves when the threads are gone. */
  readonly stop: () => Promise<void>;
}

const restartMs = { first: 1_000, most: 30_000 };

export function createKeeper(settings: Omit<WorkerSettings, "role">, parts: KeeperParts): Keeper {
  const { clock, log } = parts;
  let running: Workers | undefined;
  let workers: Workers | undefined;
  let isOver = false;
  let restartInMs = restartMs.first;

  const start = (): void => {
    if (isOver) return;
    running = startWorkers(settings, {
      onReady(message) {
        restartInMs = restartMs.first;
        workers = running;
        parts.onReady(message);
      },
      onMessage(message) {
        if (message.type === "corrupt") void setAside(message.error);
        else parts.onMessage(message);
      },
      onExit(error) {
        log().warn("the cache's thread ended and is started again", { error });
        startLater();
      },
    });
  };

  const end = async (): Promise<void> => {
    const ending = running?.end();
    running = undefined;
    workers = undefined;
    parts.onStop();
    await ending;
  };

  const startLater = (): void => {
    void end();
    clock.after(restartInMs, start);
    restartInMs = Math.min(restartMs.most, restartInMs * 2);
  };

  const setAside = async (error: string): Promise<void> => {
    await end();
    try {
      const aside = moveAside(settings.path, clock.epochMs());
      log().warn("the cache's file was damaged; a new one is begun", { error, aside });
      start();
    } catch (thrown) {
      log().error("the cache's file is damaged and cannot be set aside", { error: String(thrown) });
      startLater();
    }
  };

  start();
  return {
    get workers() {
      return workers;
    },
    stop() {
      isOver = true;
      return end();
    },
  };
}

/** The damaged file keeps its bytes under another name, which is returned. Throws what the file system throws. */
function moveAside(path: string, nowMs: number): string {
  const aside = `${path}.corrupt-${nowMs}`;
  renameSync(path, aside);
  for (const rest of ["-wal", "-shm"]) rmSync(path + rest, { force: true });
  return aside;
}
