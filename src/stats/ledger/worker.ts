import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../lib/time.ts";
import { closeQuietly, errorText, type Handle, isCorrupt, moveAside, openLedger } from "./database.ts";
import type { Change, FromLedger, HoldRow, LedgerThreadSettings, ToLedger } from "./messages.ts";
import { rescue } from "./rescue.ts";
import { groupsFrom, totalsFrom } from "./totals.ts";
import { prepareWrites, settleInterrupted, type Written } from "./writes.ts";

// The one who starts this thread gives it just this.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { path, owner } = workerData as LedgerThreadSettings;

const tell = (message: FromLedger): void => parentPort?.postMessage(message, []);

interface Open {
  readonly database: Handle;
  readonly write: (changes: readonly Change[]) => Written;
}

let open: Open | undefined;
/** A damaged file whose rows are still to be taken over. */
let aside: { readonly file: string; readonly error: string } | undefined;
/** What was found at the start, kept for when the file opens only at a later try. */
const interrupted: HoldRow[] = [];

function opened(): Open {
  if (open !== undefined) return open;
  const database = openLedger(path);
  try {
    if (aside !== undefined) tell({ type: "aside", ...aside, rescued: rescue(database, aside.file) });
    aside = undefined;
    interrupted.push(...settleInterrupted(database, owner));
    const made = { database, write: prepareWrites(database, owner) };
    tell({ type: "opened", groups: groupsFrom(database), interrupted });
    open = made;
    return made;
  } catch (thrown) {
    closeQuietly(database);
    throw thrown;
  }
}

/** Does `act` with the file; a damaged one is set aside, and it is done with a new one. Throws what SQLite throws. */
function withFile<Value>(act: (open: Open) => Value): Value {
  try {
    return act(opened());
  } catch (thrown) {
    if (!isCorrupt(thrown)) throw thrown;
    if (open !== undefined) closeQuietly(open.database);
    open = undefined;
    aside = { file: moveAside(path, systemClock.epochMs()), error: errorText(thrown) };
    return act(opened());
  }
}

function answer(message: ToLedger): FromLedger | undefined {
  if (message.type === "write") return { type: "wrote", ...withFile(({ write }) => write(message.changes)) };
  if (message.type === "totals") {
    const { id, query } = message;
    return { type: "totals", id, totals: withFile(({ database }) => totalsFrom(database, query)) };
  }
  if (message.type === "open") withFile(() => undefined);
  else {
    if (open !== undefined) closeQuietly(open.database);
    parentPort?.close();
  }
  return undefined;
}

parentPort?.on("message", (message: ToLedger) => {
  try {
    const reply = answer(message);
    if (reply !== undefined) tell(reply);
  } catch (thrown) {
    const error = errorText(thrown);
    tell(
      message.type === "totals" ? { type: "no-totals", id: message.id, error } : { type: "failed", error },
    );
  }
});
