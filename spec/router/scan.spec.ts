import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf } from "../../src/router/lines.ts";
import { numbersOf } from "../../src/router/numbers.ts";
import { scan, scannedMax, type Tokens, traits } from "../../src/router/scan.ts";

const wordsOf = ({ text, count, from, to }: Tokens): string[] =>
  Array.from({ length: count }, (_, at) => text.slice(from[at], to[at]));
const hashesOf = (text: string): number[] => [...scan(text).hash];
const traitsOf = (text: string): number => scan(text).traits[0] ?? 0;

describe("the words of a text", () => {
  it.each([
    ["Don't panic: it's the co-op's.", ["Don't", "panic", "it's", "the", "co", "op's"]],
    ["v1.2.3 costs $5,000, or 20 %", ["v1.2.3", "costs", "$", "5,000", "or", "20", "%"]],
    ["snake_case C++ c# main.py...", ["snake_case", "C++", "c#", "main.py"]],
    ["где 天気は?", ["где", "天", "気", "は", "?"]],
    ["मौसम कैसा है", ["मौसम", "कैसा", "है"]],
    ["🦙 llama", ["llama"]],
    ["", []],
  ])("of %j", (text, words) => {
    expect(wordsOf(scan(text))).toEqual(words);
  });

  it("are in order, within the text, and apart from each other", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const { count, from, to } = scan(text);
        let last = 0;
        for (let at = 0; at < count; at += 1) {
          expect(from[at]).toBeGreaterThanOrEqual(last);
          expect(to[at]).toBeGreaterThan(from[at] ?? 0);
          last = to[at] ?? 0;
        }
        expect(last).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it("are the same without case, accents and the digits of numbers", () => {
    expect(hashesOf("CAFÉ Qué ÖFFNET 1984")).toEqual(hashesOf("cafe que offnet 2041"));
    expect(hashesOf("café".normalize("NFD"))).toEqual(hashesOf("café"));
    expect(hashesOf("it’s")).toEqual(hashesOf("it's"));
    expect(hashesOf("7")).not.toEqual(hashesOf("77"));
  });

  it("do not depend on what was read before", () => {
    const first = scan("one two three");
    scan("FOUR_five 6");

    expect(wordsOf(first)).toEqual(["one", "two", "three"]);
    expect([...first.hash]).toEqual(hashesOf("one two three"));
  });

  it("end where the scanner does", () => {
    expect(scan("ab ".repeat(scannedMax)).to.at(-1)).toBeLessThanOrEqual(scannedMax);
  });
});

describe("a word", () => {
  it.each([
    ["Oslo", traits.capital],
    ["HTTP", traits.capital | traits.capitals],
    ["camelCase", traits.camel],
    ["snake_case", traits.underscore],
    ["os.path", traits.dot],
    ["plain", 0],
    ["12", traits.number],
    ["123456", traits.number | traits.long],
    ["10:30", traits.number | traits.parts],
  ])("%s has its traits", (word, wanted) => {
    expect(traitsOf(word)).toBe(wanted);
  });
});

describe("sentences", () => {
  it.each([
    ["One. Two? Three!", [0, 1, 1, 2]],
    ["no stop\nbut a line", [0, 0, 1, 1, 1]],
    ["version 1.2 is out", [0, 0, 0, 0]],
    ["今日。明日", [0, 0, 1, 1]],
  ])("begin after stops and at lines: %j", (text, wanted) => {
    expect([...scan(text).sentence]).toEqual(wanted);
  });
});

describe("lines", () => {
  it("are seen as items, rows of data, answers to choose from, and code", () => {
    const lines = ["- one", "2) two", "a,b,c", "A. yes", "B. no", "return x;", "if (x) {", "plain words"];

    expect(linesOf(scan(lines.join("\n")))).toEqual({ items: 2, rows: 1, choices: 2, codeEnds: 2 });
  });
});

describe("numbers", () => {
  it.each([
    ["in 1998", { isPast: true }],
    ["this 2026", { isNear: true }],
    ["by 2040", { isAhead: true }],
    ["costs $5", { isMoney: true }],
    ["300 euros", { isMoney: true }],
    ["15 %", { isShare: true }],
    ["100000 rows", { isBig: true }],
    ["50k users", { isBig: true }],
    ["python 3.12", { isVersion: true }],
  ])("of %j", (text, wanted) => {
    expect(numbersOf(scan(text), 2026)).toMatchObject(wanted);
  });
});
