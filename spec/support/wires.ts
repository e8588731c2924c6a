/** The generating endpoints, and what a good answer of each looks like on the wire. */
export const chatPaths = ["/api/chat", "/v1/chat/completions", "/v1/messages"] as const;

export type WireDialect = "ollama" | "openai" | "anthropic";

export function dialectOf(path: string): WireDialect {
  if (path === "/v1/messages") return "anthropic";
  return path.startsWith("/v1/") ? "openai" : "ollama";
}

/** Text with letters of two, three and four bytes. */
const pieces = ["Hél", "lo ", "wörld €", " 🦙!"];

const model = "tiny";
const createdAt = "2026-11-21T00:06:19.2146299Z";

/** Numbers beyond what JavaScript can hold, odd spacing and an unknown key: a parse and a stringify would change them. */
const oddities = '"seed":12345678901234567890, "x_unknown" : 1.0';

const counts = `"total_duration":1234567890123456789,"load_duration":1,"prompt_eval_count":7,"prompt_eval_duration":2,"eval_count":4,"eval_duration":3`;

const textKey = (path: string, text: string): string =>
  path === "/api/generate"
    ? `"response":${JSON.stringify(text)}`
    : `"message":{"role":"assistant","content":${JSON.stringify(text)}}`;

function ollamaFrames(path: string): string[] {
  const head = `"model":"${model}","created_at":"${createdAt}"`;
  const deltas = pieces.map((piece) => `{${head},${textKey(path, piece)},"done":false, ${oddities}}\n`);
  return [...deltas, `{${head},${textKey(path, "")},"done":true,"done_reason":"stop",${counts}}\n`];
}

function openaiFrames(): string[] {
  const head = `"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"${model}"`;
  const deltas = pieces.map(
    (piece) =>
      `data: {${head},"choices":[{"index":0,"delta":{"content":${JSON.stringify(piece)}},"finish_reason":null}], ${oddities}}\n\n`,
  );
  return [
    ...deltas,
    `data: {${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`,
    "data: [DONE]\n\n",
  ];
}

function anthropicFrames(): string[] {
  const event = (type: string, rest: string): string =>
    `event: ${type}\ndata: {"type":"${type}",${rest}}\n\n`;
  return [
    event(
      "message_start",
      `"message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"${model}","usage":{"input_tokens":7,"output_tokens":0}}`,
    ),
    event("content_block_start", `"index":0,"content_block":{"type":"text","text":""}`),
    ...pieces.map((piece) =>
      event(
        "content_block_delta",
        `"index":0,"delta":{"type":"text_delta","text":${JSON.stringify(piece)}}, ${oddities}`,
      ),
    ),
    event("content_block_stop", `"index":0`),
    event("message_delta", `"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}`),
    `event: message_stop\ndata: {"type":"message_stop"}\n\n`,
  ];
}

/** The frames of a good streamed answer, one deliverable each; the last ones are the end marker. */
export function goodFrames(path: string): string[] {
  const dialect = dialectOf(path);
  if (dialect === "ollama") return ollamaFrames(path);
  return dialect === "openai" ? openaiFrames() : anthropicFrames();
}

/** A good answer in one piece. */
export function goodWhole(path: string): string {
  const text = JSON.stringify(pieces.join(""));
  const dialect = dialectOf(path);
  if (path === "/api/embed") return `{"model":"${model}","embeddings":[[0.1, 1e-7]],"total_duration":1}`;
  if (dialect === "ollama") {
    return `{"model":"${model}","created_at":"${createdAt}",${textKey(path, pieces.join(""))},"done":true,"done_reason":"stop",${counts}, ${oddities}}`;
  }
  if (dialect === "openai") {
    return `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"${model}","choices":[{"index":0,"message":{"role":"assistant","content":${text}},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":4,"total_tokens":11}, ${oddities}}\n`;
  }
  return `{"id":"msg_1","type":"message","role":"assistant","model":"${model}","content":[{"type":"text","text":${text}}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":4}, ${oddities}}\n`;
}

export const streamTypeOf = (path: string): string =>
  dialectOf(path) === "ollama" ? "application/x-ndjson" : "text/event-stream";

export const wholeTypeOf = (path: string): string =>
  dialectOf(path) === "ollama" ? "application/json; charset=utf-8" : "application/json";

/** A request body for a generating endpoint. */
export function bodyFor(path: string, stream: boolean, asked = model): Record<string, unknown> {
  const messages = [{ role: "user", content: "hi" }];
  if (path === "/api/generate") return { model: asked, prompt: "hi", stream };
  if (path === "/api/embed") return { model: asked, input: "hi" };
  if (path === "/v1/messages") return { model: asked, max_tokens: 16, messages, stream };
  return { model: asked, messages, stream };
}

/** An error as Ollama says it on this endpoint. */
export function errorBody(path: string, message: string): string {
  const dialect = dialectOf(path);
  if (dialect === "ollama") return JSON.stringify({ error: message });
  const error = { message, type: "api_error" };
  return JSON.stringify(dialect === "openai" ? { error } : { type: "error", error });
}

/** The frames a client got: lines of NDJSON, or events of SSE. */
export function framesOf(path: string, text: string): string[] {
  const separator = dialectOf(path) === "ollama" ? "\n" : "\n\n";
  return text.split(separator).filter((frame) => frame !== "");
}

/** Whether a stream claims to have come to its end. */
export function claimsEnd(path: string, text: string): boolean {
  const marker = { ollama: '"done":true', openai: "[DONE]", anthropic: '"message_stop"' }[dialectOf(path)];
  return text.includes(marker);
}

/** The text of an error, from a whole error body or from an error frame; undefined when it is none of the dialect's. */
export function errorTextOf(path: string, frame: string): string | undefined {
  const dialect = dialectOf(path);
  const json = frame
    .split("\n")
    .map((line) => line.replace(/^data: /, ""))
    .find((line) => line.startsWith("{"));
  if (json === undefined) return undefined;
  const value = JSON.parse(json) as { error?: unknown; type?: unknown };
  if (dialect === "ollama") return typeof value.error === "string" ? value.error : undefined;
  if (dialect === "anthropic" && value.type !== "error") return undefined;
  if (typeof value.error !== "object" || value.error === null) return undefined;
  const { message, type } = value.error as { message?: unknown; type?: unknown };
  return typeof message === "string" && typeof type === "string" ? message : undefined;
}
