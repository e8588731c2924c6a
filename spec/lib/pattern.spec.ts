import { describe, expect, it } from "vitest";
import { compilePattern, type Pattern, PatternError } from "../../src/lib/pattern.ts";

const refusal = (source: string): string => {
  try {
    compilePattern(source);
    return "";
  } catch (thrown) {
    return thrown instanceof PatternError ? thrown.message : String(thrown);
  }
};

describe("a pattern", () => {
  it.each([
    [String.raw`\bproject condor\b`, "see Project Condor.", true],
    [String.raw`\bproject condor\b`, "see project condors", false],
    ["(?-i)Condor", "condor", false],
    ["(?-i)Condor", "Condor", true],
    ["ÉCLAIR|Σ", "éclair", true],
    [String.raw`№\d{2}`, "№17", true],
    [String.raw`\x{1F600}`, "a 😀", true],
    ["a.b", "a😀b", true],
    ["condor", "\ud800 condor", true],
  ])("%j in %j: %j, whatever the case", (source, text, want) => {
    expect(compilePattern(source).finds(text)).toBe(want);
  });

  it.each([
    ["^secret", '{"content":"Secret plans"}', true],
    ["plans$", '{"content":"secret plans"}', true],
    ["^secret plans$", '{"content":"dear all,\nsecret plans\nand more"}', true],
    ["^secret", '{"content":"no secret"}', false],
    ['"no secret"$', '{"content":"no secret"\n}', true],
    ["condor[^$]{1,9}kestrel", '{"condor":"kestrel"}', true],
    [String.raw`cost \$5`, "cost $5", true],
  ])("%j begins and ends at a line or at a text in quotes: %j, %j", (source, text, want) => {
    expect(compilePattern(source).finds(text)).toBe(want);
  });

  it("takes ^ and $ in a class or behind a backslash for letters", () => {
    expect(compilePattern(String.raw`condor[^^$\]]{3,5}kestrel`).finds('condor"."kestrel')).toBe(true);
    expect(compilePattern(String.raw`condor[^"]{3}kestrel\$?`).finds('condor"."kestrel')).toBe(false);
  });

  it.each([
    ["(?=a)b", "looks ahead or behind"],
    ["a(?!b)", "looks ahead or behind"],
    ["(?<=a)b", "looks ahead or behind"],
    ["(?<!a)b", "looks ahead or behind"],
    [String.raw`(a)\1`, "refers back"],
    [String.raw`(?<n>a)\k<n>`, "refers back"],
    [String.raw`caf\u00e9`, String.raw`\u is not known in it, a letter's number is written \x{e9}`],
    [String.raw`\Asecret`, String.raw`\A and \z`],
    [String.raw`secret\z`, String.raw`\A and \z`],
    ["a{1,900}b{1,900}", "too large"],
    ["[a", "missing closing ]"],
    ["(a", "missing closing )"],
    ["a++", "invalid nested repetition operator"],
  ])("%j is refused: it %s", (source, want) => {
    expect(refusal(source)).toContain(want);
  });

  it("holds no text of its own in what it is told", () => {
    for (const source of [
      "(canary",
      "canary)",
      "(?<=canary)b",
      "[canary",
      "canary**",
      "(?Pcanary",
      "canary{1,9999}",
    ])
      expect(refusal(source)).toMatch(/^(?!.*canary)./);
  });
});

describe("how long a pattern takes", () => {
  const took = (pattern: Pattern, text: string): number => {
    const beganMs = performance.now();
    pattern.finds(text);
    return performance.now() - beganMs;
  };

  it.each([
    ["(a+)+b", "a"],
    ["(a+)+$", "aaaaaaaa!"],
    ["(a|a)*b", "a"],
    ["(x+x+)+y", "x "],
    ["(.*a){12}b", "aaaa "],
    [String.raw`\bproject condor\b`, "project "],
    [String.raw`(\w+\s?)*!`, "aaa "],
  ])("%j is little for megabytes of %j", (source, piece) => {
    const text = piece.repeat(Math.ceil(4_000_000 / piece.length));

    // Some 40 ms; with one that tries again it is longer than anyone lives.
    expect(took(compilePattern(source), text)).toBeLessThan(3_000);
  });
});
