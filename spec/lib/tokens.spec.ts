import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "../../src/lib/tokens.ts";

const run = promisify(execFile);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(fc.constantFrom(" ", "\n", "\t", "  ", "word", "<|endoftext|>", "🦙", "日本", "\ufffd"), {
      maxLength: 30,
    })
    .map((parts) => parts.join("")),
);

describe("the tokenizer", async () => {
  const tokenizer = await loadTokenizer();

  it("cuts a text into pieces that joined are the text again", () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(tokenizer.pieces(whole).join("")).toBe(whole);
      }),
    );
  });

  it("counts at least one token in any text, and none in an empty one", () => {
    fc.assert(
      fc.property(text, (whole) => {
        const count = tokenizer.count(whole);

        expect(count > 0).toBe(whole !== "");
        expect(Number.isInteger(count)).toBe(true);
      }),
    );
  });

  it.each([
    ["hello world", 2],
    ["tiktoken is great!", 6],
    ["", 0],
  ])("counts %j as cl100k does", (whole, want) => {
    expect(tokenizer.count(whole)).toBe(want);
  });

  it("takes what looks like a control token for text", () => {
    expect(tokenizer.count("<|endoftext|>")).toBeGreaterThan(1);
    expect(tokenizer.pieces("<|endoftext|>").length).toBeGreaterThan(1);
  });

  it("comes to an end on 100 kB without a space", () => {
    const whole = "a".repeat(100_000);

    expect(tokenizer.pieces(whole).join("")).toBe(whole);
  });

  it("comes to an end on 100 kB of nothing but white space", async () => {
    const tokens = fileURLToPath(new URL("../../src/lib/tokens.ts", import.meta.url));
    const script = `
      const { loadTokenizer } = await import(${JSON.stringify(pathToFileURL(tokens).href)});
      const tokenizer = await loadTokenizer();
      for (const letter of [" ", "\\n"]) {
        for (const whole of [letter.repeat(100_000), letter.repeat(100_000) + "word"]) {
          if (tokenizer.pieces(whole).join("") !== whole) throw new Error("the pieces are not the text");
        }
      }
      console.log("all came to an end");`;

    // In a process of its own: nothing can interrupt one that is lost in a regular expression or a merge.
    const { stdout } = await run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      timeout: 15_000,
    });

    expect(stdout).toBe("all came to an end\n");
  });

  it("estimates a very long text close to its true count", () => {
    const sentence = "The llama walks over the mountain. ";

    const got = tokenizer.count(sentence.repeat(4_000));

    expect(got / (tokenizer.count(sentence.repeat(1_000)) * 4)).toBeCloseTo(1, 1);
  });
});
