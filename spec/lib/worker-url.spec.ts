import { expect, it } from "vitest";
import { workerUrl } from "../../src/lib/worker-url.ts";

it.each([
  ["file:///app/dist/cache/sqlite/tier.js", "file:///app/dist/cache/sqlite/worker.js"],
  ["file:///home/src/app/src/cache/sqlite/tier.ts", "file:///home/src/app/dist/cache/sqlite/worker.js"],
])("finds the file of a worker beside %s", (base, expected) => {
  expect(workerUrl("worker", base).href).toBe(expected);
});
