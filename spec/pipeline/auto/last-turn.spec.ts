import { describe, expect, it } from "vitest";
import type { Call, DialectName, Operation } from "../../../src/core/call.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { withAddedText } from "../../../src/pipeline/auto/last-turn.ts";

const edited = (dialect: DialectName, operation: Operation, wire: JsonObject): unknown => {
  const before = structuredClone(wire);
  const call = { dialect, operation, wire, raw: Buffer.from(JSON.stringify(wire)) } as unknown as Call;

  const added = withAddedText(call, "found");

  expect(wire).toEqual(before);
  if (added === undefined) return undefined;
  expect(JSON.parse(Buffer.from(added.raw as Uint8Array).toString())).toEqual(added.wire);
  return added.wire;
};

const turns = [
  { role: "user", content: "one" },
  { role: "assistant", content: "two" },
];

describe("a text for the last turn of the user", () => {
  it.each<readonly [DialectName, Operation, JsonObject, JsonObject | undefined]>([
    ["ollama", "generate", { prompt: "hi", system: "s" }, { prompt: "hi\n\nfound", system: "s" }],
    ["ollama", "generate", { prompt: "hi", raw: true }, undefined],
    ["ollama", "generate", { prompt: "hi", suffix: "x" }, undefined],
    ["openai", "completions", { prompt: ["a", "b"] }, undefined],
    [
      "ollama",
      "chat",
      { Messages: [...turns, { role: "user", content: "hi", images: ["x"] }] },
      { messages: [...turns, { role: "user", images: ["x"], content: "hi\n\nfound" }] },
    ],
    [
      "openai",
      "chat",
      { messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }, turns[1] ?? null] },
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "hi" },
              { type: "text", text: "found" },
            ],
          },
          turns[1] ?? null,
        ],
      },
    ],
    ["openai", "responses", { input: "hi" }, { input: "hi\n\nfound" }],
    [
      "openai",
      "responses",
      { input: [{ role: "user", content: [{ type: "input_text", text: "hi" }] }] },
      {
        input: [
          {
            role: "user",
            content: [
              { type: "input_text", text: "hi" },
              { type: "input_text", text: "found" },
            ],
          },
        ],
      },
    ],
    ["anthropic", "messages", { messages: [{ role: "assistant", content: "x" }] }, undefined],
    ["ollama", "chat", { messages: [] }, undefined],
  ])("%s %s %j", (dialect, operation, wire, wanted) => {
    expect(edited(dialect, operation, wire)).toEqual(wanted);
  });
});
