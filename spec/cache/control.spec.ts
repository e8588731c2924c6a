import { describe, expect, it } from "vitest";
import { readControl, usualControl } from "../../src/cache/control.ts";
import type { Json } from "../../src/lib/json.ts";

describe("what a client says of the cache", () => {
  it.each<[string | undefined, Json | undefined, object]>([
    [undefined, undefined, {}],
    ["no-cache", undefined, { read: false }],
    ["no-store, max-age=60", undefined, { store: false, ageMaxMs: 60_000 }],
    ["NO-CACHE , No-Store", undefined, { read: false, store: false }],
    ['max-age="5"', undefined, { ageMaxMs: 5_000 }],
    ["max-stale", undefined, { staleMaxMs: Number.POSITIVE_INFINITY }],
    ["max-stale=10, only-if-cached", undefined, { staleMaxMs: 10_000, onlyCached: true }],
    ["stale-if-error=3600", undefined, { staleIfErrorMs: 3_600_000 }],
    ["max-age=soon, private, no-transform", undefined, {}],
    [undefined, false, { read: false, store: false }],
    [undefined, true, {}],
    [undefined, "no-cache", { read: false }],
    [undefined, { "no-cache": true, ttl: 30 }, { read: false, ttlMs: 30_000 }],
    [undefined, { no_store: true, max_age: "7" }, { store: false, ageMaxMs: 7_000 }],
    [undefined, { "no-cache": false }, {}],
    ["max-age=60", { "max-age": 5 }, { ageMaxMs: 5_000 }],
  ])("%s in the header and %j in the body", (header, body, said) => {
    expect(readControl(header, body)).toEqual({ ...usualControl, ...said });
  });

  it.each<[Json, string]>([
    [7, "cache: expected"],
    [["no-cache"], "cache: expected"],
    [{ "no-chache": true }, "cache.no-chache: expected"],
    [{ "max-age": true }, "cache.max-age: expected"],
    [{ "max-age": -1 }, "cache.max-age: expected"],
    [{ "no-cache": 5 }, "cache.no-cache: expected"],
    [{ ttl: { seconds: 5 } }, "cache.ttl: expected"],
  ])("in the body as %j is an error that names the field", (body, text) => {
    expect(() => readControl(undefined, body)).toThrow(text);
  });
});
