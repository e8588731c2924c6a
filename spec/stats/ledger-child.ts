import { writeSync } from "node:fs";
import { createLogger } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createLedger } from "../../src/stats/ledger/ledger.ts";
import { usageRow } from "../support/usage-row.ts";

/** Settles calls until it is killed, and says of each what is on disk: `held ID` and `settled ID`. */
const [file = ""] = process.argv.slice(2);
const sink = { write: () => undefined, flushSync: () => undefined, dropped: 0 };
const log = createLogger({ level: "error", format: "json", colour: false, sink, now: Date.now });
const ledger = createLedger(
  { path: file, budgets: () => ({ all: { dayNanoUsd: 1e15 } }) },
  { clock: systemClock, log: () => log },
);

async function call(lane: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const requestId = `${lane}-${index}`;
    const asked = { requestId, keyName: undefined, model: "gpt", upstream: "cloud", endpoint: "/api/chat" };
    const hold = await ledger.reserve({ ...asked, maxNanoUsd: 10 });
    writeSync(1, `held ${requestId}\n`);
    await new Promise((resolve) => setTimeout(resolve, lane));
    await hold.settle(usageRow({ requestId }));
    writeSync(1, `settled ${requestId}\n`);
  }
}

// Nothing of the ledger keeps a process alive by itself.
setInterval(() => undefined, 1_000);
await Promise.all([0, 1, 2, 3].map((lane) => call(lane)));
