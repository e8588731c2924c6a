import { describe, expect, it } from "vitest";
import { createFlights, type Flights, type Flown } from "../../src/cache/flight.ts";
import type { Reply } from "../../src/core/call.ts";
import { ProxyError } from "../../src/core/error.ts";
import { createAbort, type Signal } from "../../src/lib/abort.ts";

const head = { status: 200, contentType: "application/x-ndjson", headers: {} };

/** An answer of some chunks of `size` bytes; counts how many were read, and hears when it is left. */
function answerOf(chunks: number, size = 1): { reply: Reply; readonly read: number; readonly left: boolean } {
  let read = 0;
  let left = false;
  const iterator: AsyncIterator<Uint8Array, void, undefined> = {
    next() {
      if (read === chunks) return Promise.resolve({ done: true, value: undefined });
      read += 1;
      return Promise.resolve({ done: false, value: Buffer.alloc(size, read) });
    },
    return() {
      left = true;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    reply: { ...head, body: { [Symbol.asyncIterator]: () => iterator } },
    get read() {
      return read;
    },
    get left() {
      return left;
    },
  };
}

const still: Signal = createAbort().signal;
const boarding = { key: "k", client: undefined };
const flightsOf = (more = {}): Flights<Flown> => createFlights({ bytesMax: 1_000, watchersMax: 3, ...more });

function bodyOf({ reply: { body } }: Flown): AsyncIterator<Uint8Array> {
  if (body instanceof Uint8Array) throw new TypeError("the answer is whole");
  return body[Symbol.asyncIterator]();
}

async function textOf(flown: Flown): Promise<string> {
  const iterator = bodyOf(flown);
  const chunks: Uint8Array[] = [];
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
    chunks.push(next.value);
  return Buffer.concat(chunks).toString("hex");
}

describe("a flight", () => {
  it("is read as far as the fastest watcher reads, and is whole for the others", async () => {
    const answer = answerOf(4);
    const flights = flightsOf();
    const start = (): Promise<Flown> => Promise.resolve({ reply: answer.reply });
    const first = bodyOf(await flights.join(boarding, start, still).flown);
    await first.next();
    await first.next();
    expect(answer.read).toBe(2);

    const second = flights.join(boarding, start, still);

    expect(second.isFollower).toBe(true);
    expect(await textOf(await second.flown)).toBe("01020304");
    expect(flights.inFlight).toBe(0);
  });

  it("gives up its beginning when it grows too large: nobody joins then, and who was slow is told", async () => {
    const answer = answerOf(10, 400);
    const flights = flightsOf();
    const start = (): Promise<Flown> => Promise.resolve({ reply: answer.reply });
    const fast = bodyOf(await flights.join(boarding, start, still).flown);
    const slow = bodyOf(await flights.join(boarding, start, still).flown);
    await slow.next();
    for (let one = 0; one < 8; one++) await fast.next();

    await expect(slow.next()).rejects.toMatchObject({ code: "overloaded" });
    expect(flights.join(boarding, start, still).isFollower).toBe(false);
    expect((await fast.next()).done).toBe(false);
  });

  it("takes so many watchers and no more", () => {
    const flights = flightsOf();
    const start = (): Promise<Flown> => new Promise(() => undefined);

    const roles = Array.from({ length: 4 }, () => flights.join(boarding, start, still).isFollower);

    expect(roles).toEqual([false, true, true, false]);
  });

  it("is not joined twice by a client that wants answers of its own, nor by anybody without a key", () => {
    const flights = flightsOf();
    const start = (): Promise<Flown> => new Promise(() => undefined);
    const join = (key: string | undefined, client: string): boolean =>
      flights.join({ key, client }, start, still).isFollower;

    expect([join("k", "a"), join("k", "a"), join("k", "b"), join("k", "b")]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([join(undefined, "a"), join(undefined, "b")]).toEqual([false, false]);
  });

  it("ends with the last of its watchers, not with the first", async () => {
    const answer = answerOf(4);
    const flights = flightsOf();
    let ended = false;
    const start = (signal: Signal): Promise<Flown> => {
      signal.addEventListener("abort", () => (ended = true));
      return Promise.resolve({ reply: answer.reply });
    };
    const leaving = createAbort();
    const first = bodyOf(await flights.join(boarding, start, leaving.signal).flown);
    const second = bodyOf(await flights.join(boarding, start, still).flown);
    await first.next();

    leaving.abort(new ProxyError("client_closed", "gone"));
    expect(ended).toBe(false);
    expect((await second.next()).done).toBe(false);
    await second.return?.();

    expect([ended, answer.left]).toEqual([true, true]);
  });

  it("that fails before it begins is asked anew once by those who joined, when that may help", async () => {
    const flights = flightsOf();
    let asked = 0;
    const start = (): Promise<Flown> => {
      asked += 1;
      return Promise.reject(new ProxyError("upstream_timeout", "late"));
    };
    const all = [0, 1, 2].map(() => flights.join(boarding, start, still).flown);

    const results = await Promise.allSettled(all);

    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(asked).toBe(2);
  });

  it("that is refused is refused to all at once", async () => {
    const flights = flightsOf();
    let asked = 0;
    const start = (): Promise<Flown> => {
      asked += 1;
      return Promise.reject(new ProxyError("upstream_rejected", "no"));
    };

    await Promise.allSettled([0, 1, 2].map(() => flights.join(boarding, start, still).flown));

    expect(asked).toBe(1);
  });
});
