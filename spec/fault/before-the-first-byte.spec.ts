import { describe, it } from "vitest";
import type { Fault } from "../support/fake-upstream.ts";
import { playFault, type Want } from "../support/fault-trial.ts";
import { noBreaker } from "../support/stage.ts";
import { chatPaths } from "../support/wires.ts";

const refusal = (status: number, says: RegExp, retryAfter?: string): Want => ({
  sees: "refusal",
  status,
  says,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

/** Faults that are known before anything went to the client, whether it asked for a stream or not. */
const cases: readonly (readonly [Fault | "refuse", Want])[] = [
  ["refuse", refusal(502, /upstream one refused the connection/)],
  ["cut-before-headers", refusal(502, /upstream one closed the connection/)],
  ["reset-before-headers", refusal(502, /upstream one closed the connection/)],
  ["html-500", refusal(502, /upstream one failed with status 500/)],
  ["html-200", refusal(502, /upstream one sent an answer that is not JSON/)],
  ["busy-429", refusal(429, /server busy, please try again\. {2}maximum/, "7")],
  ["busy-503", refusal(503, /server busy, please try again\. {2}maximum/, "7")],
  ["empty-200", refusal(502, /upstream one sent an/)],
  ["error-line-first", refusal(502, /an error was encountered while running the model/)],
  ["error-line-split", refusal(502, /an error was encountered while running the model/)],
  ["bad-json", refusal(502, /upstream one sent/)],
  ["cut-first-frame", refusal(502, /upstream one broke off its answer/)],
];

const trials = cases.flatMap(([fault, want]) =>
  chatPaths.flatMap((path) => [true, false].map((stream) => ({ fault, path, stream, want }))),
);

describe("a fault before the first byte", () => {
  it.for(trials)("becomes a status and an error: $fault on $path, stream $stream", (trial) =>
    playFault(trial),
  );
});

/** Only what hangs may run into these limits: everything else of a trial is answered at once. */
const shortWait = (key: string): string => `${noBreaker}\ntimeouts: { ${key}: 700ms }`;

const hangs: readonly (readonly [Fault, string, Want])[] = [
  ["hang-before-headers", "first_byte", refusal(504, /upstream one did not begin to answer within 700ms/)],
  ["hang-before-body", "first_byte", refusal(504, /upstream one did not begin to answer within 700ms/)],
  ["hang-before-headers", "total", refusal(504, /upstream one did not finish within 700ms/)],
];

const hangTrials = hangs.flatMap(([fault, limit, want]) =>
  chatPaths.flatMap((path) =>
    [true, false].map((stream) => ({ fault, path, stream, limit, want, stage: { yaml: shortWait(limit) } })),
  ),
);

describe.concurrent("an upstream that does not begin to answer", () => {
  it.for(hangTrials)("is given up after $limit: $fault on $path, stream $stream", (trial) =>
    playFault(trial),
  );
});
