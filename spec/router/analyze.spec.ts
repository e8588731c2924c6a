import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ChatRequest, Message } from "../../src/core/chat.ts";
import { type Analysis, createAnalyzer } from "../../src/router/analyze.ts";
import { readWeights } from "../../src/router/weights-file.ts";
import { requestOf } from "../train/fit.ts";
import { macroF1 } from "../train/measure.ts";
import { noises } from "../train/noise.ts";
import { ownPrompts } from "../train/prompts.ts";
import { createRandom, shuffle } from "../support/random.ts";

const analyze = createAnalyzer(
  readWeights(readFileSync(new URL("../../src/router/weights.bin", import.meta.url))),
);
const nowMs = Date.UTC(2026, 10, 1);
const of = (text: string): Analysis => analyze(requestOf(text), { nowMs });
const talk = (messages: readonly Message[]): ChatRequest => ({ ...requestOf(""), messages });
const page =
  "Thou shalt weigh distributed consensus against availability, and prove each theorem today. ".repeat(280);

describe("an analysis", () => {
  it.each([
    ["thanks!", "low", false, "general"],
    ["what is the plural of mouse", "low", false, "general"],
    ["translate to french: good evening", "low", false, "general"],
    ["what's the weather in Bergen tomorrow", "medium", true, "general"],
    ["who is the current prime minister of Norway?", "medium", true, "general"],
    ["Write a Python function that merges two sorted lists, with tests", "medium", false, "code"],
    [
      "My React list throws TypeError: cannot read properties of undefined (reading 'map') after the second fetch, but only when the cache is empty. What is wrong?",
      "medium",
      false,
      "debug",
    ],
    ["Prove that there are infinitely many primes congruent to 3 modulo 4.", "high", false, "general"],
    [
      "Design a multi-region payment ledger for 40 million users with exactly-once semantics, failover under 30 s, and justify each trade-off.",
      "high",
      false,
      "architecture",
    ],
  ] as const)("of: %s", (text, complexity, isFresh, task) => {
    const said = of(text);

    expect([said.complexity, said.needs_search, said.task]).toEqual([complexity, isFresh, task]);
  });

  it("is the same each time", () => {
    const text = "compare the two plans and tell me which one is cheaper today";

    expect(of(text)).toEqual(of(text));
  });

  it("has probabilities that add up, and a confidence and a hardness within bounds", () => {
    for (const text of ["hi", "prove it", "latest news on Mars", "écris une fonction"]) {
      const { probabilities, confidence, hardness, freshness } = of(text);

      expect(probabilities.low + probabilities.medium + probabilities.high).toBeCloseTo(1, 6);
      for (const value of [confidence, hardness, freshness, ...Object.values(probabilities)]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }
  });

  it("says why, and in detail when asked", () => {
    const request = requestOf("what is the weather in Bergen tomorrow");

    expect(analyze(request, { nowMs }).reasons[0]).toMatch(/^needs fresh facts: .*weather/);
    expect(analyze(request, { nowMs }).contributions).toBeUndefined();
    const detailed = analyze(request, { nowMs, isExplained: true }).contributions ?? [];
    expect(detailed.length).toBeGreaterThan(5);
    expect(detailed.map(({ feature }) => feature)).toContain("weather");
  });

  it("ranks what is harder higher", () => {
    const easy = of("what is 7 times 8?").hardness;
    const hard = of(
      "derive the asymptotic variance of the estimator and prove that the bound is sharp",
    ).hardness;

    expect(hard).toBeGreaterThan(easy + 0.2);
  });
});

describe("what stands beside the user's words", () => {
  const decision = ({ complexity, needs_search, task, hardness, freshness }: Analysis) => ({
    complexity,
    needs_search,
    task,
    hardness,
    freshness,
  });

  it("does not matter: a system prompt of 6,000 tokens", () => {
    const text = "what is the plural of mouse";
    const long = talk([
      { role: "system", text: page },
      { role: "user", text },
    ]);

    expect(decision(analyze(long, { nowMs }))).toEqual(decision(of(text)));
  });

  it("does not matter: a tool's result of 6,000 tokens", () => {
    const messages: Message[] = [
      { role: "user", text: "turn the lamp on" },
      { role: "assistant", text: "", toolCalls: [] },
      { role: "tool", text: page },
    ];
    const said = analyze(talk(messages), { nowMs });

    expect(decision(said)).toEqual(decision(of("turn the lamp on")));
    expect(said.is_tool_loop).toBe(true);
  });

  it("does not matter: a block of a program", () => {
    expect(decision(of(`<system-reminder>${page}</system-reminder>\nwhat is the plural of mouse`))).toEqual(
      decision(of("what is the plural of mouse")),
    );
  });
});

describe("a turn in a conversation", () => {
  it.each(["### Task:\nSuggest 3-5 follow-up questions", "Generate a concise title for this conversation"])(
    "is low when a program asks: %s",
    (ask) => {
      const said = of(`${ask}\n\n<chat_history>${page}</chat_history>`);

      expect([said.complexity, said.needs_search, said.confidence]).toEqual(["low", false, 1]);
      expect(said.reasons).toEqual(["a program asks about the conversation"]);
    },
  );

  it.each([
    ["yes", true],
    ["and the second one?", true],
    ["fix that", true],
    ["Write a function that parses a date in any of five formats, with tests", false],
  ])("leans on the turn before: %s, %s", (text, isFollowUp) => {
    const messages: Message[] = [
      { role: "user", text: "design a cache" },
      { role: "assistant", text: "So." },
      { role: "user", text },
    ];

    expect(analyze(talk(messages), { nowMs }).is_follow_up).toBe(isFollowUp);
    expect(of(text).is_follow_up).toBe(false);
  });
});

describe("the same request written otherwise", () => {
  const prompts = ownPrompts();
  shuffle(prompts, createRandom(5));
  const sample = prompts.slice(0, 400);
  const decision = (text: string): string => {
    const { complexity, needs_search: needsSearch } = of(text);
    return `${complexity} ${needsSearch}`;
  };

  it.each(Object.entries(noises))("is judged alike: %s", (_, noise) => {
    const random = createRandom(3);
    const changed = sample.filter(({ text }) => decision(noise(text, random)) !== decision(text));

    expect(changed.length / sample.length).toBeLessThanOrEqual(0.08);
  });

  it("is not judged alike by saying the same of everything", () => {
    const pairs = sample.map(({ text, complexity }) => ({
      want: complexity ?? "",
      got: of(text).complexity,
    }));

    expect(macroF1(pairs, ["low", "medium", "high"])).toBeGreaterThan(0.75);
  });
});
