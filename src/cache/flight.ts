import type { Reply } from "../core/call.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import { createAbort, type Signal } from "../lib/abort.ts";
import { createTape } from "./tape.ts";

/** What flies: an answer, and what goes with it. */
export interface Flown {
  readonly reply: Reply;
}

/** Starts what a flight is about. Its signal is aborted when the last one who watches has left. */
export type Start<What extends Flown> = (signal: Signal) => Promise<What>;

/** What is joined, and by whom. */
export interface Boarding {
  /** Undefined for what nobody may join. */
  readonly key: string | undefined;
  /** Set for one who wants an answer of its own each time it asks: it never joins what it watches already. */
  readonly client: string | undefined;
}

export interface FlightOptions {
  /** Bytes of an answer that are kept for those who come later, or read slower. */
  readonly bytesMax: number;
  /** Watchers of one flight; one more starts a flight of its own. */
  readonly watchersMax: number;
}

/** One who watches a flight. */
export interface Watcher<What extends Flown> {
  /** What was started, the body of its reply from the beginning; rejects with ProxyError. */
  readonly flown: Promise<What>;
  /** Whether somebody else had asked before. */
  readonly isFollower: boolean;
}

/** Calls in flight that others may join, by their key. */
export interface Flights<What extends Flown> {
  /** Joins a flight, or starts one. The signal is the watcher's own. */
  readonly join: (boarding: Boarding, start: Start<What>, signal: Signal) => Watcher<What>;
  readonly inFlight: number;
}

export function createFlights<What extends Flown>(options: FlightOptions): Flights<What> {
  const flights = new Map<string, Flight<What>>();

  const find = ({ key, client }: Boarding): Flight<What> | undefined => {
    const flight = key === undefined ? undefined : flights.get(key);
    const isOpen = flight !== undefined && flight.watchers < options.watchersMax;
    return isOpen && !(client !== undefined && flight.clients.has(client)) ? flight : undefined;
  };

  const open = ({ key }: Boarding, start: Start<What>): Flight<What> => {
    const isTaken = key === undefined || flights.has(key);
    const flight = createFlight(start, options, () => {
      if (!isTaken && flights.get(key) === flight) flights.delete(key);
    });
    if (!isTaken) flights.set(key, flight);
    return flight;
  };

  /** When the first to ask fails before its answer begins, one of the others asks anew, once, for all of them. */
  const follow = async (flight: Flight<What>, { boarding, start, signal }: Joining<What>): Promise<What> => {
    try {
      return await flight.watch(boarding.client, signal);
    } catch (thrown) {
      const error = toProxyError(thrown);
      if (signal.aborted || !error.retryable) throw error;
      return (find(boarding) ?? open(boarding, start)).watch(boarding.client, signal);
    }
  };

  return {
    join(boarding, start, signal) {
      const flight = find(boarding);
      const flown =
        flight === undefined
          ? open(boarding, start).watch(boarding.client, signal)
          : follow(flight, { boarding, start, signal });
      return { flown, isFollower: flight !== undefined };
    },
    get inFlight() {
      return flights.size;
    },
  };
}

interface Joining<What extends Flown> {
  readonly boarding: Boarding;
  readonly start: Start<What>;
  readonly signal: Signal;
}

interface Flight<What extends Flown> {
  readonly watchers: number;
  readonly clients: ReadonlySet<string>;
  readonly watch: (client: string | undefined, signal: Signal) => Promise<What>;
}

/** `onClosed` is called when it has ended, or can no longer be joined from its beginning; perhaps more than once. */
function createFlight<What extends Flown>(
  start: Start<What>,
  { bytesMax }: FlightOptions,
  onClosed: () => void,
): Flight<What> {
  const abort = createAbort();
  const tape = createTape(bytesMax, () => onClosed());
  const clients = new Set<string>();
  let watchers = 0;
  const head = start(abort.signal).then((flown) => {
    const { body } = flown.reply;
    if (body instanceof Uint8Array) onClosed();
    else tape.record(body);
    return flown;
  });
  // Everyone who watches hears of it; here it only ends the flight.
  head.catch(() => onClosed());

  const leave = (): void => {
    watchers -= 1;
    if (watchers > 0) return;
    onClosed();
    tape.stop();
    abort.abort(new ProxyError("client_closed", "everyone who waited for this answer has left"));
  };

  return {
    get watchers() {
      return watchers;
    },
    clients,
    async watch(client, signal) {
      watchers += 1;
      if (client !== undefined) clients.add(client);
      const leaveOnce = once(leave);
      const flown = await unlessAborted(head, signal, leaveOnce);
      if (!(flown.reply.body instanceof Uint8Array))
        return { ...flown, reply: { ...flown.reply, body: tape.play(leaveOnce, signal) } };
      leaveOnce();
      return flown;
    },
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

/** Settles like `work`, or rejects with the signal's reason as soon as it is aborted. */
function unlessAborted<Value>(work: Promise<Value>, signal: Signal, leave: () => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      leave();
      reject(toProxyError(signal.reason));
    };
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    const done = (): void => signal.removeEventListener("abort", stop);
    work.then(
      (value) => {
        done();
        resolve(value);
      },
      (thrown: unknown) => {
        done();
        leave();
        reject(toProxyError(thrown));
      },
    );
  });
}
