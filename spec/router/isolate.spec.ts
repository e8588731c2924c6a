import { describe, expect, it } from "vitest";
import type { Message } from "../../src/core/chat.ts";
import { isolate } from "../../src/router/isolate.ts";

const user = (text: string): Message => ({ role: "user", text });
const asked = (text: string) => isolate({ messages: [user(text)] });
const page = "The quick brown fox jumps over the lazy dog, again and again. ".repeat(20);

describe("the user's own words", () => {
  it("are those of the last turn, without what a system or a tool says", () => {
    const messages: Message[] = [
      { role: "system", text: page },
      user("design a compiler"),
      { role: "assistant", text: page },
      user("and now in one line"),
      { role: "tool", text: page },
    ];

    const found = isolate({ messages });

    expect(found.text).toBe("and now in one line");
    expect(found.before).toBe("design a compiler");
    expect(found.turnsBefore).toBe(1);
    expect(found.isToolLoop).toBe(true);
    expect(found.pastedLetters).toBe(0);
  });

  it.each([
    ["fenced code", `what does this do?\n\`\`\`js\n${page}\n\`\`\``, "what does this do?"],
    ["a fence that nothing ends", `what does this do?\n\`\`\`js\n${page}`, "what does this do?"],
    ["a long block", `sum this up\n\n${page}`, "sum this up"],
    ["a page after a colon", `Translate into French: ${page}`, "Translate into French:"],
    ["a long quotation", `shorter please: "${page.trim()}" in one line`, 'shorter please: "…" in one line'],
    ["a block of a program", `<system-reminder>${page}</system-reminder>name a gas`, "name a gas"],
    [
      "the answers of a multiple choice",
      "Which is a noble gas?\nA. oxygen\nB. argon\nC. iron\nD. sulphur",
      "Which is a noble gas?",
    ],
    ["greetings and thanks", "Hi, could you please name a noble gas? Thanks a lot!", "name a noble gas?"],
  ])("stand without %s", (_, text, words) => {
    expect(asked(text).text.replaceAll(/\s+/g, " ")).toBe(words);
  });

  it("are all there is when nothing else is", () => {
    expect(asked("```\nTraceback: boom\n```").text).toContain("Traceback");
    expect(asked(page).text.length).toBeGreaterThan(600);
    expect(asked("please").text).toBe("please");
  });

  it("leave out two blocks of programs and keep a block that nothing ends", () => {
    const text = "<context>a</context>one <files>b</files>two <document>three";

    expect(asked(text).text).toBe("one two <document>three");
  });

  it("do not depend on how long a program's block is", () => {
    const short = asked("<system-reminder>x</system-reminder>\nfix the typo");
    const long = asked(`<system-reminder>${page.repeat(20)}</system-reminder>\nfix the typo`);

    expect(long).toEqual(short);
  });

  it("are bounded, and keep the beginning and the end", () => {
    const found = asked(`first ${"word ".repeat(400_000)} last`);

    expect(found.text.length).toBeLessThan(5_000);
    expect(found.text).toMatch(/^first .* last$/s);
  });
});

describe("a program's own request", () => {
  it.each([
    "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.",
    "Generate a concise title for this chat",
    "Suggest 3-5 relevant follow-up questions",
    "Create a title for this conversation",
  ])("is known: %s", (text) => {
    expect(asked(text).isHousekeeping).toBe(true);
  });

  it.each(["generate a theorem prover", "suggest a title for my novel about Ghent", "what is a tag?"])(
    "is not: %s",
    (text) => {
      expect(asked(text).isHousekeeping).toBe(false);
    },
  );
});
