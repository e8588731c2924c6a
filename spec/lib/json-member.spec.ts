import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutMember } from "../../src/lib/json-member.ts";

const cut = (json: string): string => Buffer.from(cutMember(Buffer.from(json), "cache")).toString("utf8");

describe("cutting a member out of a JSON object", () => {
  it.each([
    ["the only one", '{"cache":false}', "{}"],
    ["the first", '{"cache":{"a":[1,"}"]},"b":2}', '{"b":2}'],
    ["one in the middle", '{ "a" : 1 , "cache" : "x,\\"}" , "b" : 2 }', '{ "a" : 1 ,"b" : 2 }'],
    ["the last", '{"a":1,"cache":null}', '{"a":1}'],
    ["two of them", '{"cache":1,"a":9007199254740993,"cache":2}', '{"a":9007199254740993}'],
    ["one whose name is escaped", '{"c\\u0061che":1,"a":1}', '{"a":1}'],
    ["none, and changes nothing", '{"a":{"cache":1},"b":["cache"]}', '{"a":{"cache":1},"b":["cache"]}'],
    ["nothing behind the first value", '{"cache":1} {"cache":1}', '{} {"cache":1}'],
    ["nothing of what is no object", '["cache"]', '["cache"]'],
  ])("cuts %s", (_name, json, expected) => {
    expect(cut(json)).toBe(expected);
  });

  it("leaves every other member as it was, whatever is in it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (rest, value) => {
        const { cache: _cache, ...others } = rest;
        const json = JSON.stringify({ ...others, cache: value });
        expect(JSON.parse(cut(json))).toEqual(JSON.parse(JSON.stringify(others)));
      }),
    );
  });
});
