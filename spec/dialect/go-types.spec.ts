import { describe, expect, it } from "vitest";
import { dialects } from "../../src/dialect/dialects.ts";
import { goBase64, goInt, goKeepAlive, goSlice, goString, goThink } from "../../src/dialect/go-types.ts";
import type { DialectName, Operation } from "../../src/core/call.ts";
import { ProxyError } from "../../src/core/error.ts";
import type { Json } from "../../src/lib/json.ts";

function complaint(dialect: DialectName, operation: Operation, body: Json): string | undefined {
  try {
    dialects[dialect].checkRequest(body, operation);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ProxyError)) throw thrown;
    expect(thrown).toMatchObject({ code: "invalid_request", status: 400 });
    return thrown.message;
  }
}

const field = (kind: string, path: string, go: string): string =>
  `json: cannot unmarshal ${kind} into Go struct field ${path} of type ${go}`;

describe("keep_alive", () => {
  it.each<[Json]>([
    [0],
    [-1],
    [1.5],
    ["5m"],
    ["1h30m"],
    ["0s"],
    ["0"],
    ["-1m"],
    ["+1.5h"],
    [".5s"],
    ["1µs"],
    ["1ns2us3ms"],
  ])("may be %j", (value) => {
    expect(goKeepAlive(value, "")).toBeUndefined();
  });

  it.each<[Json, string]>([
    ["abc", 'time: invalid duration "abc"'],
    ["", 'time: invalid duration ""'],
    ["-", 'time: invalid duration "-"'],
    [".", 'time: invalid duration "."'],
    ["300", 'time: missing unit in duration "300"'],
    ["-1", 'time: missing unit in duration "-1"'],
    ["5m3", 'time: missing unit in duration "5m3"'],
    ["5x", 'time: unknown unit "x" in duration "5x"'],
    ["5M", 'time: unknown unit "M" in duration "5M"'],
    ["5m ", 'time: unknown unit "m " in duration "5m "'],
    [" 5m", 'time: invalid duration " 5m"'],
    ["1d", 'time: unknown unit "d" in duration "1d"'],
    ["5é", 'time: unknown unit "\\xc3\\xa9" in duration "5\\xc3\\xa9"'],
    ["3000000h", 'time: invalid duration "3000000h"'],
    [true, "Unsupported type: 'bool'"],
    [["5m"], "Unsupported type: '[]interface {}'"],
    [{ a: 1 }, "Unsupported type: 'map[string]interface {}'"],
  ])("%j is told what Go says", (value, want) => {
    expect(goKeepAlive(value, "")).toBe(want);
  });
});

describe("think", () => {
  it.each<[Json]>([[true], [false], ["high"], ["medium"], ["low"], ["max"]])("may be %j", (value) => {
    expect(goThink(value, "")).toBeUndefined();
  });

  it.each<[Json, string]>([
    ["bogus", 'invalid think value: "bogus" (must be "high", "medium", "low", "max", true, or false)'],
    ["", 'invalid think value: "" (must be "high", "medium", "low", "max", true, or false)'],
    [1, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'],
    [[], 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'],
  ])("%j is told what Ollama says", (value, want) => {
    expect(goThink(value, "")).toBe(want);
  });
});

describe("base64", () => {
  const check = goBase64("api.ImageData");

  it.each(["", "AAAA", "AA==", "AAA=", "AAAA\nAAAA", "AA\r\n==\n", "+/+/"])("%j is read", (text) => {
    expect(check(text, "")).toBeUndefined();
  });

  it.each([
    ["%%%", 0],
    ["data:image/png;base64,AAAA", 4],
    ["AAAA_AAA", 4],
    ["AAAA AAA", 4],
    ["A", 0],
    ["AAA", 0],
    ["AAAAAA", 4],
    ["AAAA\nAAA", 5],
    ["=", 0],
    ["A=", 1],
    ["AA=", 3],
    ["AA=A", 2],
    ["AA==AA", 4],
    ["AAA=A", 4],
    ["AAA==", 4],
    ["AAAA=", 4],
    ["é", 0],
  ])("%j goes wrong for Go at byte %d", (text, at) => {
    expect(check(text, "")).toBe(`illegal base64 data at input byte ${at}`);
  });

  it("comes to an end on megabytes", () => {
    expect(check("A".repeat(4_000_000), "")).toBeUndefined();
    expect(check(`${"A".repeat(4_000_000)}${"=".repeat(1_000_000)}x`, "")).toMatch(/byte 4000000$/);
  });
});

describe("Go's types", () => {
  it.each<[Json, string | undefined]>([
    [1, undefined],
    [-5, undefined],
    [1.5, field("number 1.5", "R.n", "int")],
    ["1", field("string", "R.n", "int")],
    [true, field("bool", "R.n", "int")],
    [[], field("array", "R.n", "int")],
    [{}, field("object", "R.n", "int")],
  ])("make %j an int: %s", (value, want) => {
    expect(goInt(value, "R.n")).toBe(want);
  });

  it("take null for an item that is not there", () => {
    expect(goSlice("[]string", goString)([null, "a"], "R.l")).toBeUndefined();
    expect(goSlice("[]string", goString)([null, 1], "R.l")).toBe(field("number", "R.l", "string"));
  });
});

describe("a request of the wrong type", () => {
  it.each<[DialectName, Operation, Json, string]>([
    ["ollama", "generate", [], "json: cannot unmarshal array into Go value of type api.GenerateRequest"],
    ["ollama", "chat", "x", "json: cannot unmarshal string into Go value of type api.ChatRequest"],
    ["ollama", "embed", 1, "json: cannot unmarshal number into Go value of type api.EmbedRequest"],
    ["ollama", "embeddings", true, "json: cannot unmarshal bool into Go value of type api.EmbeddingRequest"],
    ["ollama", "chat", { model: 1 }, field("number", "ChatRequest.model", "string")],
    ["ollama", "chat", { MODEL: [] }, field("array", "ChatRequest.model", "string")],
    ["ollama", "chat", { stream: "yes" }, field("string", "ChatRequest.stream", "bool")],
    ["ollama", "chat", { options: [] }, field("array", "ChatRequest.options", "map[string]interface {}")],
    ["ollama", "chat", { messages: "hi" }, field("string", "ChatRequest.messages", "[]api.Message")],
    ["ollama", "chat", { messages: ["hi"] }, field("string", "ChatRequest.messages", "api.Message")],
    [
      "ollama",
      "chat",
      { messages: [{ content: 5 }] },
      field("number", "ChatRequest.messages.content", "string"),
    ],
    [
      "ollama",
      "chat",
      { messages: [{ content: [] }] },
      field("array", "ChatRequest.messages.content", "string"),
    ],
    ["ollama", "chat", { messages: [{ images: ["%"] }] }, "illegal base64 data at input byte 0"],
    [
      "ollama",
      "chat",
      { think: "x", model: 1 },
      'invalid think value: "x" (must be "high", "medium", "low", "max", true, or false)',
    ],
    ["ollama", "chat", { keep_alive: "300" }, 'time: missing unit in duration "300"'],
    ["ollama", "chat", { tools: {} }, field("object", "ChatRequest.tools", "api.Tools")],
    ["ollama", "generate", { context: ["a"] }, field("string", "GenerateRequest.context", "int")],
    ["ollama", "generate", { top_logprobs: 21 }, "top_logprobs must be between 0 and 20"],
    ["ollama", "generate", { top_logprobs: -1 }, "top_logprobs must be between 0 and 20"],
    ["ollama", "embed", { input: 1 }, "invalid input type"],
    ["ollama", "embed", { input: ["a", 1] }, "invalid input type"],
    ["openai", "chat", { model: 1 }, field("number", "ChatCompletionRequest.model", "string")],
    ["openai", "chat", { model: "a" }, "[] is too short - 'messages'"],
    ["openai", "chat", { model: "a", messages: [] }, "[] is too short - 'messages'"],
    ["openai", "completions", { prompt: ["a"] }, field("array", "CompletionRequest.prompt", "string")],
    ["openai", "embed", {}, "invalid input"],
    ["openai", "embed", { input: [] }, "invalid input"],
    ["anthropic", "messages", {}, "model is required"],
    ["anthropic", "messages", { model: "a" }, "max_tokens is required and must be positive"],
    [
      "anthropic",
      "messages",
      { model: "a", max_tokens: 0, messages: [{}] },
      "max_tokens is required and must be positive",
    ],
    ["anthropic", "messages", { model: "a", max_tokens: 1 }, "messages is required"],
    ["anthropic", "messages", { model: "a", max_tokens: 1, messages: [] }, "messages is required"],
  ])("%s %s %j is told %j", (dialect, operation, body, want) => {
    expect(complaint(dialect, operation, body)).toBe(want);
  });

  it.each<[DialectName, Operation, Json]>([
    ["ollama", "generate", null],
    ["ollama", "generate", {}],
    ["ollama", "chat", { model: null, messages: null, options: null, think: null, keep_alive: null }],
    ["ollama", "chat", { unknown: [1], __proto__: 1, constructor: 2, tostring: 3 }],
    [
      "ollama",
      "chat",
      { messages: [{ content: null, images: null, tool_calls: [{ function: { arguments: {} } }] }] },
    ],
    ["ollama", "generate", { top_logprobs: 20, options: { temperature: "hot" } }],
    ["ollama", "embed", { input: ["", "a"] }],
    ["ollama", "embed", { input: null }],
    ["openai", "chat", { messages: [{ role: "user", content: [{ type: "text", text: "a" }] }], n: "many" }],
    ["anthropic", "messages", { model: "a", max_tokens: 1, messages: [{}], system: [{ text: "a" }] }],
  ])("is not %s %s %j", (dialect, operation, body) => {
    expect(complaint(dialect, operation, body)).toBeUndefined();
  });
});
