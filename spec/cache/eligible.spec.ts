import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/cache/fingerprint.ts";
import { semanticQuestion } from "../../src/cache/semantic/eligible.ts";
import type { DialectName, Operation } from "../../src/core/call.ts";
import type { JsonObject } from "../../src/lib/json.ts";

const text = "What is the capital of France?";
const user = { role: "user", content: text };

type Asked = [DialectName, Operation, JsonObject];

function reasonOf(...[dialect, operation, wire]: Asked): string {
  const got = semanticQuestion(dialect, operation, wire);
  return "reason" in got ? got.reason : "none";
}

function partition([dialect, operation, wire]: Asked): string {
  const got = semanticQuestion(dialect, operation, wire);
  if ("reason" in got) throw new Error(got.reason);
  return fingerprint({ dialect, operation, model: "m", wire: got.frame, digest: "d" }).toString("hex");
}

const generate = (prompt: string, more: JsonObject = {}): Asked => [
  "ollama",
  "generate",
  { prompt, ...more },
];
const chat = (content: JsonObject[string], more: JsonObject = {}): Asked => [
  "ollama",
  "chat",
  { messages: [{ role: "user", content }], ...more },
];

describe("a question to be compared by its meaning", () => {
  it.each<[string, Asked]>([
    ["an Ollama prompt", generate(text)],
    ["an Ollama prompt in other letters", ["ollama", "generate", { Prompt: text }]],
    ["an Ollama chat", chat(text)],
    [
      "an Ollama chat with a history",
      ["ollama", "chat", { messages: [{ role: "system", content: "Be kind" }, user] }],
    ],
    ["an OpenAI chat", ["openai", "chat", { messages: [user] }]],
    [
      "an OpenAI chat of one part",
      ["openai", "chat", { messages: [{ role: "user", content: [{ type: "text", text }] }] }],
    ],
    ["an Anthropic message", ["anthropic", "messages", { system: "Be kind", messages: [user] }]],
    [
      "a request with empty lists of what is barred",
      generate(text, { images: [], context: [], tools: [], raw: false }),
    ],
    ["a request for JSON", generate(text, { format: "json" })],
  ])("is the last text of %s", (_name, [dialect, operation, wire]) => {
    const got = semanticQuestion(dialect, operation, wire);

    expect("reason" in got ? got.reason : got.text).toBe(text);
    expect("reason" in got ? "" : JSON.stringify(got.frame)).not.toContain("France");
  });

  it("is no part of its frame, and all else is", () => {
    const other = "What is the capital of Spain?";

    expect(partition(generate(text))).toBe(partition(generate(other)));
    expect(partition(chat(text))).toBe(partition(chat(other)));
    const apart = [
      generate(text),
      generate(text, { system: "Be rude" }),
      generate(text, { options: { temperature: 0 } }),
      generate(text, { think: true }),
      chat(text),
      chat(text, { format: "json" }),
      ["ollama", "chat", { messages: [{ role: "assistant", content: "Yes?" }, user] }] satisfies Asked,
      ["ollama", "chat", { messages: [{ role: "assistant", content: "No?" }, user] }] satisfies Asked,
      ["ollama", "chat", { messages: [user, { role: "assistant", content: "Yes?" }, user] }] satisfies Asked,
      ["openai", "chat", { messages: [user] }] satisfies Asked,
    ];
    expect(new Set(apart.map(partition)).size).toBe(apart.length);
  });

  it("leaves the request as it was", () => {
    const asked = chat(text);
    const before = JSON.stringify(asked);
    semanticQuestion(...asked);

    expect(JSON.stringify(asked)).toBe(before);
  });

  it.each<[string, Asked]>([
    ["operation", ["ollama", "embed", { input: text }]],
    ["operation", ["openai", "completions", { prompt: text }]],
    ["operation", ["anthropic", "chat", { messages: [user] }]],
    ["shape", ["ollama", "chat", {}]],
    ["shape", ["ollama", "chat", { messages: [] }]],
    ["shape", ["ollama", "chat", { messages: [user, { role: "assistant", content: "Paris is the" }] }]],
    ["shape", ["ollama", "generate", { prompt: 5 }]],
    [
      "shape",
      chat([
        { type: "text", text },
        { type: "text", text: "Explain." },
      ]),
    ],
    ["tools", chat(text, { tools: [{ type: "function" }] })],
    ["tools", ["openai", "chat", { messages: [user], tool_choice: "auto" }]],
    ["tools", ["ollama", "chat", { messages: [{ role: "tool", content: "5" }, user] }]],
    ["tools", ["ollama", "chat", { messages: [{ role: "assistant", content: "", tool_calls: [{}] }, user] }]],
    [
      "tools",
      ["anthropic", "messages", { messages: [{ role: "user", content: [{ type: "tool_result" }] }, user] }],
    ],
    ["images", generate(text, { images: ["AAAA"] })],
    ["images", ["ollama", "chat", { messages: [{ ...user, images: ["AAAA"] }] }]],
    ["images", ["openai", "chat", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }]],
    ["context", generate(text, { context: [1, 2] })],
    ["raw", generate(text, { raw: true })],
    ["suffix", generate(text, { suffix: "}" })],
    ["template", generate(text, { template: "{{ .Prompt }}" })],
    ["length", generate("What is")],
    ["length", generate(`What is the ${"very ".repeat(250)}best way?`)],
    ["code", generate("What does this do?\n```\nrm -rf\n```")],
    ["time_words", generate("What is the weather like in the city of Oslo?")],
    ["time_words", generate("Who is the president of France right now?")],
    ["time_words", generate("Which film has won the most awards this year?")],
    ["personal", generate("What is the status of my last order?")],
    ["personal", generate("How do I see the balance of my bank account?")],
    ["personal", generate("Where am I and how do I get home?")],
    ["language", generate("Wie komme ich von hier nach Hause?")],
    ["language", generate("Quelle est la capitale de la France ?")],
    ["language", generate("¿Cuál es la capital de Francia?")],
    ["language", generate("法国的首都是哪里？请告诉我")],
    ["language", generate("What is the meaning of 你好世界再见?")],
    ["language", generate("France capital")],
    ["language", generate("Wat is de hoofdstad van Frankrijk?")],
  ])("is not there, for the reason %s", (reason, asked) => {
    expect(reasonOf(...asked)).toBe(reason);
  });
});
