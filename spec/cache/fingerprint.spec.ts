import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint, type Question } from "../../src/cache/fingerprint.ts";
import { findHazard } from "../../src/cache/hazard.ts";
import { isObject, type Json, type JsonObject } from "../../src/lib/json.ts";

const base: Question = {
  dialect: "ollama",
  operation: "chat",
  model: "qwen3",
  wire: {},
  digest: "sha256:1",
};

const printOf = (wire: JsonObject, over: Partial<Question> = {}) =>
  fingerprint({ ...base, wire, ...over }).toString("hex");
const message = (content: string, more: JsonObject = {}) => ({
  messages: [{ role: "user", content, ...more }],
});

/** A published pair that MD5 cannot tell apart (Marc Stevens, https://x.com/realhashbreaker/status/1770161965006008570). */
const md5Twins = [
  "TEXTCOLLBYfGiJUETHQ4hAcKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak",
  "TEXTCOLLBYfGiJUETHQ4hEcKSMd5zYpgqf1YRDhkmxHkhPWptrkoyz28wnI9V0aHeAuaKnak",
];

describe("requests that mean the same", () => {
  const same: [string, JsonObject, JsonObject][] = [
    ["the order of the top level", { a: 1, b: 2 }, { b: 2, a: 1 }],
    ["the order of options", { options: { seed: 1, top_k: 2 } }, { options: { top_k: 2, seed: 1 } }],
    ["an option that is null", { options: { seed: 1, top_k: null } }, { options: { seed: 1 } }],
    ["where a model runs", { options: { seed: 1, num_gpu: 9, num_thread: 2 } }, { options: { seed: 1 } }],
    ["whether it streams", { stream: false }, {}],
    ["how long the model stays", { keep_alive: "5m" }, { keep_alive: -1 }],
    ["what the cache is told", { cache: "no-store" }, {}],
    ["a field that is null", { think: null, context: null }, {}],
    ["an empty system, template and suffix", { system: "", template: "", suffix: "", raw: false }, {}],
    ["logprobs: false, truncate and shift: true", { logprobs: false, truncate: true, shift: true }, {}],
    ["the case of a role", { messages: [{ role: "USER", content: "a" }] }, message("a")],
    ["the case of a field", { Prompt: "a" }, { prompt: "a" }],
  ];

  it.each(same)("are equal whatever %s", (_, one, other) => {
    expect(printOf(one)).toBe(printOf(other));
  });

  it.each([
    ["qwen3", "QWEN3:latest"],
    ["library/qwen3:latest", "qwen3"],
  ])("name the model %s or %s", (one, other) => {
    expect(printOf({}, { model: one })).toBe(printOf({}, { model: other }));
  });
});

describe("requests that differ", () => {
  const different: [string, JsonObject, JsonObject][] = [
    ["an empty context", { context: [] }, {}],
    ["think false", { think: false }, {}],
    ["think true", { think: true }, {}],
    ["think by level", { think: "high" }, { think: "low" }],
    ["a white space", message("a "), message("a")],
    ["the case of content", message("A"), message("a")],
    ["composed letters", message("\u00e9"), message("e\u0301")],
    ["lone surrogates", message("\ud800"), message("\ud801")],
    ["a lone surrogate and its substitute", message("\ud800"), message("\ufffd")],
    ["a number and its text", { options: { seed: 1 } }, { options: { seed: "1" } }],
    ["an unknown option", { options: { mine: 1 } }, { options: {} }],
    ["an unknown field", { mine: 1 }, {}],
    ["the order of messages", { messages: ["a", "b"] }, { messages: ["b", "a"] }],
    ["the order in tools", { tools: [{ a: 1, b: 2 }] }, { tools: [{ b: 2, a: 1 }] }],
    ["the order in a format", { format: { a: 1, b: 2 } }, { format: { b: 2, a: 1 } }],
    [
      "the order of tool arguments",
      message("", { tool_calls: [{ function: { name: "f", arguments: { a: 1, b: 2 } } }] }),
      message("", { tool_calls: [{ function: { name: "f", arguments: { b: 2, a: 1 } } }] }),
    ],
    ["an image", { images: ["AAAA"] }, { images: ["AAAB"] }],
    ["the order of images", { images: ["AAAA", "AAAB"] }, { images: ["AAAB", "AAAA"] }],
    ["an image's place", message("a", { images: ["AAAA"] }), { ...message("a"), images: ["AAAA"] }],
    ["an image that is no base64", { images: ["AAAA"] }, { images: ["AA AA"] }],
    ["an image and its mark", { images: ["AAAA"] }, { images: [["bytes"]] }],
  ];

  it.each(different)("by %s", (_, one, other) => {
    expect(printOf(one)).not.toBe(printOf(other));
  });

  it("by everything around the body", () => {
    const prints = [
      {},
      { dialect: "openai" },
      { operation: "generate" },
      { model: "qwen3:8b" },
      { digest: "sha256:2" },
      { digest: undefined },
    ].map((over) => printOf(message("a"), over as Partial<Question>));

    expect(new Set(prints).size).toBe(prints.length);
  });
});

describe("a property of 100,000 pairs", () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const body = fc.record(
    {
      prompt: fc.string(),
      system: fc.string(),
      think: fc.constantFrom(true, false, "low", "high"),
      context: fc.array(fc.nat()),
      images: fc.array(fc.base64String({ maxLength: 8 })),
      options: fc.dictionary(fc.constantFrom("seed", "top_k", "num_gpu", "temperature"), fc.nat(3)),
      tools: fc.array(value, { maxLength: 2 }),
      format: value,
      raw: fc.boolean(),
      truncate: fc.boolean(),
      stream: fc.boolean(),
      keep_alive: fc.nat(2),
    },
    { requiredKeys: [] },
  );
  const defaults: JsonObject = { system: "", prompt: "", raw: false, truncate: true };
  const ignored = new Set(["stream", "keep_alive"]);

  /** The same judgement, told in another way: what is left of a body once all that may not count is taken away. */
  function essence(wire: JsonObject): string {
    const left = Object.entries(wire)
      .filter(([name, held]) => held !== null && !ignored.has(name) && defaults[name] !== held)
      .map(([name, held]): [string, Json] => [
        name,
        name === "options" && isObject(held) ? optionsOf(held) : held,
      ]);
    return JSON.stringify(left.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  const optionsOf = (options: JsonObject) =>
    Object.entries(options)
      .filter(([name]) => name !== "num_gpu")
      .toSorted(([a], [b]) => (a < b ? -1 : 1));

  it("gives equal prints exactly to requests that are canonically equal", () => {
    let equal = 0;
    fc.assert(
      fc.property(body, body, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (one, two, mix) => {
        const left = JSON.parse(JSON.stringify(one)) as JsonObject;
        const right = mutated(left, JSON.parse(JSON.stringify(two)) as JsonObject, mix);
        const isSame = essence(left) === essence(right);
        if (isSame) equal += 1;
        expect(printOf(left) === printOf(right)).toBe(isSame);
      }),
      { numRuns: 100_000, seed: 20_261_124 },
    );
    expect(equal).toBeGreaterThan(5_000);
    expect(equal).toBeLessThan(95_000);
  }, 120_000);

  /** `left` in another order, a few of its members taken from `right`. */
  function mutated(left: JsonObject, right: JsonObject, mix: boolean[]): JsonObject {
    const names = [...new Set([...Object.keys(right), ...Object.keys(left)])];
    const taken: [string, Json | undefined][] = names.map((name, index) => [
      name,
      mix[index] === true && mix[index + 1] === true && mix[index + 2] === true ? right[name] : left[name],
    ]);
    return Object.fromEntries(taken.filter((member): member is [string, Json] => member[1] !== undefined));
  }
});

describe("the published pair that MD5 cannot tell apart", () => {
  it("is a pair of two requests here", () => {
    expect(md5Twins.map((text) => createHash("md5").update(text).digest("hex"))).toEqual([
      "faad49866e9498fc1719f5289e7a0269",
      "faad49866e9498fc1719f5289e7a0269",
    ]);
    expect(new Set(md5Twins.map((text) => printOf({ prompt: text }))).size).toBe(2);
  });
});

describe("a body the fingerprint may be taken of", () => {
  it("is one without hazards", () => {
    const text = JSON.stringify({ ...message("a"), options: { seed: 1 } });

    expect(findHazard(Buffer.from(text))).toBeUndefined();
  });
});
