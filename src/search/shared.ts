import { createAbort, type Abort, type Signal } from "../lib/abort.ts";

/** Work that several callers wait for is done once. */
export interface Shared<T> {
  /**
   * Joins the work of this key, or begins it. A caller that leaves is told so with its signal's reason; when the last
   * one has left, the work is aborted.
   */
  join(key: string, signal: Signal, work: (signal: Signal) => Promise<T>): Promise<T>;
}

interface Flight<T> {
  readonly done: Promise<T>;
  readonly abort: Abort["abort"];
  waiting: number;
}

export function createShared<T>(): Shared<T> {
  const flights = new Map<string, Flight<T>>();

  const begin = (key: string, work: (signal: Signal) => Promise<T>): Flight<T> => {
    const { signal, abort } = createAbort();
    const done = work(signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    const flight: Flight<T> = { done, abort, waiting: 0 };
    flights.set(key, flight);
    return flight;
  };

  const leave = (key: string, flight: Flight<T>): void => {
    flight.waiting -= 1;
    if (flight.waiting > 0) return;
    if (flights.get(key) === flight) flights.delete(key);
    flight.abort(new Error("everyone who waited has left"));
  };

  return {
    async join(key, signal, work) {
      signal.throwIfAborted();
      const flight = flights.get(key) ?? begin(key, work);
      flight.waiting += 1;
      return new Promise((resolve, reject) => {
        const quit = (): void => {
          leave(key, flight);
          reject(signal.reason instanceof Error ? signal.reason : new Error("the caller left"));
        };
        signal.addEventListener("abort", quit);
        const over = (): void => signal.removeEventListener("abort", quit);
        flight.done.then(
          (value) => (over(), resolve(value)),
          (thrown: unknown) => {
            over();
            reject(thrown instanceof Error ? thrown : new Error("the search failed", { cause: thrown }));
          },
        );
      });
    },
  };
}
