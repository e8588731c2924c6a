import { LRUCache } from "lru-cache";
import type { Logger } from "../../lib/log.ts";
import type { Clock, Timer } from "../../lib/time.ts";
import { createDeadline, type Deadline } from "./deadline.ts";

/** Whether two questions ask for the same, as the backend itself says. */
export type Judge = (
  pair: { readonly asked: string; readonly known: string },
  signal: AbortSignal,
) => Promise<boolean>;

export interface Doubt {
  readonly asked: { readonly key: Buffer; readonly text: string };
  readonly known: { readonly key: Buffer; readonly text: string };
}

/** Has pairs judged that only the strictest test kept from being served, while the backend has nothing to do. */
export interface Verifier {
  /** Takes a pair for later; one that is waiting or decided is not taken again. */
  readonly offer: (doubt: Doubt) => void;
  readonly state: () => VerifierState;
  readonly close: () => void;
}

export interface VerifierState {
  readonly verified: number;
  readonly refused: number;
  readonly waiting: number;
}

export interface VerifierParts {
  readonly judge: Judge;
  readonly isIdle: () => boolean;
  /** Whether both questions may still be paired: none was forgotten, and nobody complained. */
  readonly isWanted: (doubt: Doubt) => boolean;
  readonly onVerified: (pair: { readonly askedKey: Buffer; readonly knownKey: Buffer }) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

const waitingMax = 1_000;
const decidedMax = 10_000;
const lookEveryMs = 1_000;
const judgeMs = 30_000;

/** Both orders must be said to be the same; a judge that fails or takes longer than 30 s has said no. */
export function createVerifier(parts: VerifierParts): Verifier {
  const { isIdle, isWanted, clock } = parts;
  const waiting = new Map<string, Doubt>();
  const decided = new LRUCache<string, true>({ max: decidedMax });
  let running: Deadline | undefined;
  let timer: Timer | undefined;
  let isClosed = false;
  let verified = 0;
  let refused = 0;

  const look = (): void => {
    timer = undefined;
    const [next] = waiting;
    if (isClosed || next === undefined) return;
    if (running === undefined && isIdle()) void take(...next);
    else arm();
  };
  const arm = (): void => void (timer ??= isClosed ? undefined : clock.after(lookEveryMs, look));

  const take = async (name: string, doubt: Doubt): Promise<void> => {
    waiting.delete(name);
    if (!isWanted(doubt)) return arm();
    running = createDeadline(clock, judgeMs);
    const isSame = await isJudgedSame(parts, doubt, running);
    running.end();
    running = undefined;
    decided.set(name, true);
    if (isSame && !isClosed && isWanted(doubt) && (await accept(parts, doubt))) verified += 1;
    else refused += 1;
    arm();
  };

  return {
    offer(doubt) {
      const name = `${doubt.asked.key.toString("hex")} ${doubt.known.key.toString("hex")}`;
      if (isClosed || waiting.size >= waitingMax || decided.has(name)) return;
      waiting.set(name, doubt);
      arm();
    },
    state: () => ({ verified, refused, waiting: waiting.size }),
    close() {
      isClosed = true;
      waiting.clear();
      timer?.cancel();
      running?.end();
    },
  };
}

async function isJudgedSame(
  { judge, log }: VerifierParts,
  doubt: Doubt,
  deadline: Deadline,
): Promise<boolean> {
  const [asked, known] = [doubt.asked.text, doubt.known.text];
  try {
    const forth = await deadline.within(judge({ asked, known }, deadline.signal));
    if (forth !== true) return false;
    const back = await deadline.within(judge({ asked: known, known: asked }, deadline.signal));
    return back === true && !deadline.signal.aborted;
  } catch {
    log.debug("could not have two questions compared");
    return false;
  }
}

async function accept({ onVerified, log }: VerifierParts, { asked, known }: Doubt): Promise<boolean> {
  try {
    await onVerified({ askedKey: asked.key, knownKey: known.key });
    return true;
  } catch {
    log.debug("could not store that two questions ask for the same");
    return false;
  }
}
