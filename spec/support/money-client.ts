import { type Answer, open } from "./ask.ts";
import type { KeyName, PlannedCall } from "./money-plan.ts";
import { claimsEnd, errorTextOf, framesOf } from "./wires.ts";

/** How a call looked to its client. */
export interface Outcome {
  readonly call: PlannedCall;
  readonly status: number;
  /** From the first to the last moment, in milliseconds on the clock of `performance`. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** Whether all of a good answer came, its end included. */
  readonly isClean: boolean;
}

export const secretOf = (key: KeyName): string => `chq-${key}-a-key-for-the-specs-only`;

/** Makes one planned call. Never rejects. */
export async function makeCall(url: string, call: PlannedCall): Promise<Outcome> {
  const startedMs = performance.now();
  const headers = { authorization: `Bearer ${secretOf(call.key)}`, "x-request-id": call.requestId };
  const asking = open(`${url}${call.path}`, call.body, { headers });
  const { leaves } = call;
  const leave = (): void => asking.leave();
  if (leaves === "at-first-byte") void asking.firstByte.then(leave);
  // Some answers never begin: then the client leaves all the same.
  const patienceMs = leaves === "never" ? undefined : leaves === "at-first-byte" ? 400 : leaves;
  const timer = patienceMs === undefined ? undefined : setTimeout(leave, patienceMs);
  const answer = await asking.answer;
  clearTimeout(timer);
  const endedMs = performance.now();
  return { call, status: answer.status, startedMs, endedMs, isClean: isClean(call, answer) };
}

function isClean({ path, body }: PlannedCall, { status, complete, text }: Answer): boolean {
  if (status !== 200 || !complete) return false;
  const streams = body["stream"] === true;
  if (!streams) return !text.includes('"error"');
  return (
    claimsEnd(path, text) && framesOf(path, text).every((frame) => errorTextOf(path, frame) === undefined)
  );
}

/** Makes the calls, so many at once, and tells of each that is over. */
export async function makeCalls(
  calls: readonly PlannedCall[],
  { atOnce, url, onOutcome }: CallingOptions,
): Promise<void> {
  const left = [...calls];
  const lane = async (): Promise<void> => {
    for (let call = left.shift(); call !== undefined; call = left.shift()) {
      const at = await url();
      if (at === undefined) return;
      onOutcome(await makeCall(at, call));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

export interface CallingOptions {
  readonly atOnce: number;
  /** Where the daemon is; undefined when no more calls are to be made. */
  readonly url: () => string | undefined | Promise<string | undefined>;
  readonly onOutcome: (outcome: Outcome) => void;
}
