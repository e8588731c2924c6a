import type { Logger } from "../../lib/log.ts";
import type { Clock, Timer } from "../../lib/time.ts";
import type { Health } from "./health.ts";
import type { FromLedger, LedgerThreadSettings, ToLedger } from "./messages.ts";
import type { ChangeQueue } from "./queue.ts";
import { createLedgerThread } from "./thread.ts";
import type { TotalsDesk } from "./totals-desk.ts";

export interface LinkParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly queue: ChangeQueue;
  readonly health: Health;
  readonly desk: TotalsDesk;
  /** The file was opened for the first time in this run. */
  readonly onLoaded: (message: FromLedger & { type: "opened" }) => void;
  readonly onWrote: (message: FromLedger & { type: "wrote" }) => void;
  /** The damaged file has this name now, and a new one is begun. */
  readonly onAside: (file: string) => void;
}

/** Keeps a thread at the file and hands it one batch after another, the same one again after a failure. */
export interface Link {
  /** Resolves when the first attempt to open the file is over, well or not. */
  readonly tried: Promise<void>;
  readonly isLoaded: () => boolean;
  /** Writes what waits, unless a batch is under way or the file is known to be out of order. */
  readonly send: () => void;
  readonly post: (message: ToLedger) => void;
  /** Tries once more to write what waits; resolves when the thread is gone. */
  readonly close: () => Promise<void>;
}

const retryMs = 1_000;

export function createLink(settings: LedgerThreadSettings, parts: LinkParts): Link {
  const { clock, queue, health, desk } = parts;
  const [tried, idle] = [createMoment(), createMoment()];
  let retry: Timer | undefined;
  let isLoaded = false;
  let isBusy = false;
  let isOver = false;

  const attempt = (): void => {
    if (isBusy) return;
    isBusy = true;
    // Nothing is written before the old rows are counted, so that no row is counted twice.
    thread.post(isLoaded ? { type: "write", changes: queue.batch() } : { type: "open" });
  };
  const send = (): void => {
    if (health.outage === undefined && !isBusy && queue.size > 0) attempt();
    else if (isOver && !isBusy) idle.come();
  };
  const worked = (): void => {
    isBusy = false;
    health.up();
    send();
  };
  const failed = (error: string): void => {
    isBusy = false;
    health.down(error);
    queue.keep();
    tried.come();
    if (isOver) return idle.come();
    retry?.cancel();
    retry = clock.after(retryMs, attempt);
  };
  const opened = (message: FromLedger & { type: "opened" }): void => {
    if (isLoaded) return;
    isLoaded = true;
    parts.onLoaded(message);
    tried.come();
    worked();
  };
  const thread = createLedgerThread(settings, {
    onMessage: createEar(parts, { failed, wrote: worked, opened }),
    onExit(error) {
      desk.rejectAll(error);
      failed(error);
    },
  });

  attempt();
  return {
    tried: tried.came,
    isLoaded: () => isLoaded,
    send,
    post: thread.post,
    async close() {
      retry?.cancel();
      isOver = true;
      (health.outage === undefined ? send : attempt)();
      await idle.came;
      await thread.end();
      desk.rejectAll("it is closed");
    },
  };
}

interface Ear {
  readonly failed: (error: string) => void;
  readonly wrote: () => void;
  readonly opened: (message: FromLedger & { type: "opened" }) => void;
}

function createEar(parts: LinkParts, { failed, wrote, opened }: Ear): (message: FromLedger) => void {
  const { queue, desk, log, onWrote, onAside } = parts;
  return (message) => {
    switch (message.type) {
      case "opened":
        opened(message);
        break;
      case "wrote":
        queue.done();
        onWrote(message);
        wrote();
        break;
      case "failed":
        failed(message.error);
        break;
      case "aside":
        log().error("the ledger's file is damaged: it is kept under another name, and a new one is begun", {
          error: message.error,
          file: message.file,
          rescuedRows: message.rescued,
        });
        onAside(message.file);
        break;
      case "totals":
      case "no-totals":
        desk.answered(message);
        break;
    }
  };
}

/** Something that comes once. */
interface Moment {
  readonly came: Promise<void>;
  readonly come: () => void;
}

function createMoment(): Moment {
  let come = (): void => undefined;
  const came = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { came, come: () => come() };
}
