import { describe, expect, it } from "vitest";
import { privatePatterns } from "../../src/config/routing-options.ts";
import { load, problemsOf } from "../support/configuration.ts";

const saying = (pattern: string): { yaml: string } => ({
  yaml: `routing:\n  private:\n    patterns:\n      - name: project\n        pattern: ${JSON.stringify(pattern)}\n`,
});

describe("an operator's own private pattern", () => {
  it("finds what it says, upper and lower case alike", () => {
    const [own] = privatePatterns(load(saying(String.raw`\bproject condor\b`))).own;

    expect(own?.name).toBe("project");
    expect(own?.pattern.finds("about Project Condor")).toBe(true);
  });

  it.each(["(a+)+b", String.raw`(\w+\s?)*!`, "^secret", "plans$"])("may be %j", (pattern) => {
    expect(problemsOf(saying(pattern))).toEqual([]);
  });

  it.each([
    ["(?=condor)", "expected a regular expression of RE2; this one looks ahead"],
    [String.raw`(a)\1`, "expected a regular expression of RE2; this one refers back"],
    ["[", "expected a regular expression of RE2; this one "],
    ["a*", "finds something in every request"],
    ["", "finds something in every request"],
    ["condor|", "finds something in every request"],
    ["^", "finds something in every request"],
    [String.raw`\b`, "finds something in every request"],
    [String.raw`\B`, "finds something in every request"],
    [".", "finds something in every request"],
    ["role", "finds something in every request"],
  ])("is refused where it stands when it is %j: %s", (pattern, want) => {
    const got = problemsOf(saying(pattern));

    expect(got).toEqual([expect.stringContaining("config.yaml:5:9: routing.private.patterns.0.pattern: ")]);
    expect(got[0]).toContain(want);
  });
});
