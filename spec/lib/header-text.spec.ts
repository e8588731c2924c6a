import fc from "fast-check";
import { validateHeaderValue } from "node:http";
import { describe, expect, it } from "vitest";
import { headerText } from "../../src/lib/header-text.ts";

describe("a text in a header", () => {
  it.each([
    ["llama3.2:latest", "llama3.2:latest"],
    ["hf.co/user/model-GGUF:Q4_K_M", "hf.co/user/model-GGUF:Q4_K_M"],
    ["", ""],
    ["größe:1b", "gr%C3%B6%C3%9Fe:1b"],
    ["🦙", "%F0%9F%A6%99"],
    ["a\r\nSet-Cookie: b", "a%0D%0ASet-Cookie:%20b"],
    ["a\0b", "a%00b"],
    ["\ud800x", "%EF%BF%BDx"],
    ["x\udfff", "x%EF%BF%BD"],
  ])("is %j as %j", (text, want) => {
    expect(headerText(text)).toBe(want);
  });

  it("is one that any HTTP library takes, whatever it holds, and can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = headerText(text);
        expect(written).toMatch(/^[\x21-\x7e]*$/);
        expect(() => validateHeaderValue("x-test", written)).not.toThrow();
        expect(decodeURI(written)).toBe(text);
      }),
    );
  });

  it("never throws, not even for halves of letters", () => {
    const halves = fc.array(fc.integer({ min: 0xd7ff, max: 0xe000 }), { maxLength: 6 });
    fc.assert(
      fc.property(halves, (units) => {
        expect(headerText(String.fromCharCode(...units))).toMatch(/^[\x21-\x7e]*$/);
      }),
    );
  });
});
