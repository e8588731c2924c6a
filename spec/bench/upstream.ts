import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerText } from "./cached-answer.ts";

/** A server that answers like Ollama at once: 600 bytes whole, or a stream of 600 lines about 1 ms apart. */
const times = { created_at: "2026-11-21T00:39:46.311127892Z" };
const counts = {
  total_duration: 1,
  load_duration: 1,
  prompt_eval_count: 3,
  prompt_eval_duration: 1,
  eval_count: 5,
};
const head = { model: "bench", ...times };
const end = { done: true, done_reason: "stop", ...counts, eval_duration: 1 };
const shortAnswer = JSON.stringify({ ...head, message: { role: "assistant", content: "" }, ...end });
const whole = shortAnswer.replace('"content":""', `"content":"${"x".repeat(600 - shortAnswer.length)}"`);
const line = `${JSON.stringify({ ...head, message: { role: "assistant", content: "word " }, done: false })}\n`;
const last = `${JSON.stringify({ ...head, message: { role: "assistant", content: "" }, ...end })}\n`;
const streamLines = 600;

const lists: Readonly<Record<string, unknown>> = {
  "/api/version": { version: "0.33.0" },
  "/api/tags": { models: [{ name: "bench:latest", model: "bench:latest", modified_at: times.created_at }] },
  "/api/ps": { models: [{ name: "bench:latest", model: "bench:latest" }] },
  "/health": { status: "ok" },
  "/v1/models": { object: "list", data: [{ id: "bench", meta: { n_ctx: 32_768 } }] },
  "/props": { default_generation_settings: { n_ctx: 32_768 }, modalities: { vision: false } },
};

/** The same as a llama-server says it. */
const chunk = (more: object): string =>
  `data: ${JSON.stringify({
    created: 1_795_221_711,
    id: "chatcmpl-NWp1FFIQzgAt0zXFHJCn8xK2yWuVvdfv",
    model: "bench",
    system_fingerprint: "b11669",
    object: "chat.completion.chunk",
    ...more,
  })}\n\n`;
const delta = chunk({ choices: [{ index: 0, finish_reason: null, delta: { content: "word " } }] });
const timings = { cache_n: 0, prompt_n: 3, prompt_ms: 1, predicted_n: 600, predicted_ms: 600 };
const usage = { prompt_tokens: 3, completion_tokens: 600, total_tokens: 603 };
const endOfStream =
  chunk({ choices: [{ index: 0, finish_reason: "stop", delta: {} }] }) +
  chunk({ choices: [], usage, timings }) +
  "data: [DONE]\n\n";

const server = createServer((incoming, outgoing) => {
  const list = lists[incoming.url ?? ""];
  if (incoming.url === "/v1/chat/completions") {
    incoming.resume();
    return stream(outgoing, { type: "text/event-stream", piece: delta, end: endOfStream });
  }
  if (list === undefined) generate(incoming, outgoing);
  else outgoing.end(JSON.stringify(list));
});

function generate(incoming: IncomingMessage, outgoing: ServerResponse): void {
  let body = "";
  incoming.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
  incoming.on("end", () => {
    if (!body.includes('"stream":false'))
      return stream(outgoing, { type: "application/x-ndjson", piece: line, end: last });
    const text = body.includes("Why is the sky") ? answerText : whole;
    const headers = { "Content-Type": "application/json; charset=utf-8", "Content-Length": text.length };
    outgoing.writeHead(200, headers);
    outgoing.end(text);
  });
}

interface Spoken {
  readonly type: string;
  readonly piece: string;
  readonly end: string;
}

function stream(outgoing: ServerResponse, { type, piece, end }: Spoken): void {
  outgoing.writeHead(200, { "Content-Type": type });
  let sent = 0;
  const next = (): void => {
    sent += 1;
    if (sent < streamLines) {
      outgoing.write(piece);
      setTimeout(next, 1);
    } else outgoing.end(end);
  };
  next();
}

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
