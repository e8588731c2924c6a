import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findHazard } from "../../src/cache/hazard.ts";

const hazardOf = (text: string) => findHazard(Buffer.from(text));

describe("what a body can hide from JSON.parse", () => {
  it.each([
    ['{"options":{"seed":9007199254740993}}', "bigint"],
    ['{"options":{"seed":-9007199254740993}}', "bigint"],
    ['{"options":{"temperature":0.1000000000000000055}}', "bigint"],
    ['{"options":{"top_p":1e999}}', "bigint"],
    ['{"n":[1,2,1234567890123456]}', "bigint"],
    ['{"a":1,"a":2}', "duplicate_keys"],
    ['{"a":1,"b":{"x":1},"a":2}', "duplicate_keys"],
    ['{"a":1,"\\u0061":2}', "duplicate_keys"],
    ['{"model":"a","Model":"b"}', "duplicate_keys"],
    ['{"tools":[{"properties":{"b":1,"1":2}}]}', "integer_keys"],
    ['{"format":{"properties":{"\\u0031":2}}}', "integer_keys"],
  ])("finds it in %s: %s", (text, hazard) => {
    expect(hazardOf(text)).toBe(hazard);
  });

  it.each([
    '{"options":{"seed":900719925474099,"temperature":0.7,"top_p":1e-3,"x":-1.5E+10}}',
    '{"prompt":"9007199254740993 and \\"a\\":1,\\"a\\":2"}',
    '{"prompt":"a backslash at the end \\\\","b":1}',
    '{"messages":[{"role":"user","content":"1"},{"role":"user","content":"2"}]}',
    '{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}]}',
    '{"properties":{"01":1,"1a":2,"-1":3,"1.5":4}}',
    '{"a":1} {"a":1,"a":2}',
    "{}",
    '{"a":[],"b":{},"c":null,"d":true}',
  ])("finds nothing in %s", (text) => {
    expect(hazardOf(text)).toBeUndefined();
  });

  it("finds nothing in what JSON.parse and JSON.stringify keep, and something in all they do not", () => {
    const digits = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String);
    fc.assert(
      fc.property(digits, (number) => {
        const text = `{"seed":${number}}`;
        const isKept = JSON.stringify(JSON.parse(text)) === text;
        expect(isKept || hazardOf(text) === "bigint").toBe(true);
        expect(hazardOf(text) === "bigint").toBe(number.replace("-", "").length >= 16);
      }),
      { numRuns: 2000 },
    );
  });
});
