import { describe, it } from "vitest";
import type { Fault } from "../support/fake-upstream.ts";
import { playFault, type Want } from "../support/fault-trial.ts";
import { noBreaker } from "../support/stage.ts";
import { chatPaths } from "../support/wires.ts";

const broken = (says: RegExp): Want => ({ sees: "broken stream", says });
const refused = (says: RegExp, status = 502): Want => ({ sees: "refusal", status, says });
const good: Want = { sees: "good answer" };

/** What a stream shows, and what a whole answer, of which nothing was sent yet, becomes. */
const cases: readonly (readonly [Fault, Want, Want])[] = [
  ["cut-mid-line", broken(/upstream one broke off/), refused(/upstream one broke off/)],
  ["cut-mid-letter", broken(/upstream one broke off/), refused(/upstream one broke off/)],
  ["reset-mid-stream", broken(/upstream one broke off/), refused(/upstream one broke off/)],
  ["no-final-line", broken(/upstream one broke off/), good],
  ["bad-json-later", broken(/upstream one sent a/), refused(/upstream one sent an answer that is not JSON/)],
  ["short-content-length", broken(/upstream one broke off/), refused(/upstream one broke off/)],
  ["drip", good, good],
  ["no-line-feed", good, good],
];

const trials = cases.flatMap(([fault, streamed, whole]) =>
  chatPaths.flatMap((path) => [
    { fault, path, stream: true, want: streamed },
    { fault, path, stream: false, want: whole },
  ]),
);

describe("a fault after the first byte", () => {
  it.for(trials)("is told in the stream, never hidden: $fault on $path, stream $stream", (trial) =>
    playFault(trial),
  );

  it.for(chatPaths)("ends a line without an end before it fills the memory, on %s", (path) =>
    playFault({ fault: "endless-line", path, stream: true, want: broken(/longer than \d+ bytes/) }),
  );

  it.for(chatPaths)("leaves an answer too large to hold cut, when the upstream cuts it, on %s", (path) =>
    playFault({ fault: "endless-line", path, stream: false, want: { sees: "cut answer" } }),
  );

  it.for(chatPaths)("ends well with the first of two last frames, on %s", (path) =>
    playFault({ fault: "two-final-lines", path, stream: true, want: good }),
  );

  it.for(chatPaths)("passes the upstream's own error frame on and writes it down, on %s", (path) =>
    playFault({ fault: "error-line-later", path, stream: true, want: { sees: "own error" } }),
  );
});

const shortWait = (key: string): string => `${noBreaker}\ntimeouts: { ${key}: 700ms }`;

const hangTrials = chatPaths.flatMap((path) =>
  [
    { limit: "idle", says: /upstream one sent nothing for 700ms/ },
    { limit: "total", says: /upstream one did not finish within 700ms/ },
  ].flatMap(({ limit, says }) => [
    { path, stream: true, limit, want: broken(says), stage: { yaml: shortWait(limit) } },
    { path, stream: false, limit, want: refused(says, 504), stage: { yaml: shortWait(limit) } },
  ]),
);

describe.concurrent("an upstream that stops in the middle of its answer", () => {
  it.for(hangTrials)("is given up after its $limit limit on $path, stream $stream", (trial) =>
    playFault({ ...trial, fault: "hang-mid-stream" }),
  );
});
