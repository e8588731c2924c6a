import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { field, isObject, parseFirst, stringifyLine, tryParse } from "../../src/lib/json.ts";
import { JsonSyntaxError } from "../../src/lib/json-scan.ts";

function complaint(text: string | Uint8Array): JsonSyntaxError {
  try {
    parseFirst(typeof text === "string" ? Buffer.from(text) : text);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) return thrown;
    throw thrown;
  }
  throw new Error(`${String(text)} was read`);
}

/** JSON text in many ways of writing it. */
const jsonText = fc
  .tuple(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 1, 2, "\t"))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));

describe("reading the first JSON value", () => {
  it("agrees with JSON.parse on every JSON text, white space around it or not", () => {
    fc.assert(
      fc.property(jsonText, fc.constantFrom("", " ", "\n\t\r "), (text, space) => {
        expect(parseFirst(Buffer.from(space + text + space))).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  it("ignores what follows the first value", () => {
    fc.assert(
      fc.property(
        jsonText,
        fc.constantFrom(" garbage", " {", "]", "}", ",1", " \u0000", '"', " null"),
        (text, tail) => {
          expect(parseFirst(Buffer.from(text + tail))).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("throws nothing but its own error, whatever the bytes", () => {
    const jsonish = fc
      .array(fc.constantFrom(...'{}[]",:0129.eE+-truefalsn\\u \n/\u0007\u0080é'.split("")), { maxLength: 12 })
      .map((letters) => Buffer.from(letters.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), jsonish), (bytes) => {
        try {
          parseFirst(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(JsonSyntaxError);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("calls every cut of an object or list an unexpected end", () => {
    const containers = jsonText.filter((text) => /^[[{"]/.test(text) && /^[\x20-\x7e]*$/.test(text));
    fc.assert(
      fc.property(containers, fc.nat(), (text, at) => {
        const cut = text.slice(0, 1 + (at % (text.length - 1)));

        expect(complaint(cut).message).toBe("unexpected EOF");
      }),
    );
  });

  it.each([
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["{,}", "invalid character ',' looking for beginning of object key string"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ["hello", "invalid character 'h' looking for beginning of value"],
    ["+1", "invalid character '+' looking for beginning of value"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1}", "invalid character '}' after array element"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['{"a":1]', "invalid character ']' after object key:value pair"],
    ["tru ", "invalid character ' ' in literal true (expecting 'e')"],
    ["[nulL]", "invalid character 'L' in literal null (expecting 'l')"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["[1.x]", "invalid character 'x' after decimal point in numeric literal"],
    ["[1e+]", "invalid character ']' in exponent of numeric literal"],
    ["[01]", "invalid character '1' after array element"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"a\u0001b"', "invalid character '\\x01' in string literal"],
    ["\ufeff{}", "invalid character 'ï' looking for beginning of value"],
    ["\u0000", "invalid character '\\x00' looking for beginning of value"],
    ["{", "unexpected EOF"],
    ['{"a":"b', "unexpected EOF"],
    ["nul", "unexpected EOF"],
    ["-", "unexpected EOF"],
    ["[1.", "unexpected EOF"],
  ])("says of %j what Go says", (text, message) => {
    expect(complaint(text)).toMatchObject({ message, empty: false });
  });

  it.each([[""], [" \r\n\t"]])("tells %j, which holds nothing, from what is broken", (text) => {
    expect(complaint(text)).toMatchObject({ message: "EOF", empty: true });
  });

  it("names a byte that is no letter", () => {
    expect(complaint(Uint8Array.of(0x80)).message).toBe(
      "invalid character '\\u0080' looking for beginning of value",
    );
  });

  it.each([
    ["[", "]"],
    ['{"a":', "}"],
  ])("refuses what is nested deeper than Go goes: %s", (open, close) => {
    const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;

    expect(() => parseFirst(Buffer.from(nested(10_000)))).not.toThrow();
    expect(complaint(nested(10_001)).message).toBe(`invalid character '${open[0]}' exceeded max depth`);
  });

  it.each([
    ["lists", "["],
    ["objects", '{"a":'],
  ])("survives a million nested %s that never end", (_, open) => {
    expect(complaint(open.repeat(1_000_000)).message).toMatch(/exceeded max depth$/);
  });

  it("reads bytes that are a part of a larger buffer", () => {
    const bytes = Buffer.from('xx{"a":1}yy').subarray(2, 9);

    expect(parseFirst(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))).toEqual({ a: 1 });
  });
});

describe("a field of an object", () => {
  it.each([
    [{ model: "a" }, "a"],
    [{ MODEL: "a" }, "a"],
    [{ MoDeL: "a" }, "a"],
    [{ model: "a", Model: "b" }, "b"],
    [{ Model: "b", model: "a" }, "a"],
    [{ model: false }, false],
    [{ model: 0 }, 0],
    [{ model: null }, undefined],
    [{ model: "a", MODEL: null }, "a"],
    [{ models: "a" }, undefined],
    [{}, undefined],
  ])("of %j under model is %j", (object, want) => {
    expect(field(object as Parameters<typeof field>[0], "model")).toEqual(want);
  });

  it.each(["constructor", "__proto__", "tostring"])("is not inherited: %s", (name) => {
    expect(field({}, name)).toBeUndefined();
  });
});

describe("a JSON line", () => {
  const separators = fc
    .array(fc.oneof(fc.constantFrom("\u2028", "\u2029", "\u0085", "\n", "\r", "\\", '"'), fc.string()))
    .map((parts) => parts.join(""));

  it("holds nothing that any client takes for the end of a line, and reads back the same", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(separators, separators)), (value) => {
        const line = stringifyLine(value);

        expect(line).not.toMatch(/[\n\r\v\f\u0085\u2028\u2029]/);
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("spells the separators as Go does", () => {
    expect(stringifyLine("a\u2028b\u2029c\u0085d")).toBe('"a\\u2028b\\u2029c\\u0085d"');
  });

  it("gives nothing for a text that is not JSON", () => {
    expect(tryParse("{")).toBeUndefined();
    expect(tryParse("null")).toBeNull();
  });

  it.each([
    [{}, true],
    [[], false],
    [null, false],
    ["a", false],
  ])("knows whether %j is an object", (value, want) => {
    expect(isObject(value)).toBe(want);
  });
});
