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
};

const server = createServer((incoming, outgoing) => {
  const list = lists[incoming.url ?? ""];
  if (list === undefined) generate(incoming, outgoing);
  else outgoing.end(JSON.stringify(list));
});

function generate(incoming: IncomingMessage, outgoing: ServerResponse): void {
  let body = "";
  incoming.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
  incoming.on("end", () => {
    if (!body.includes('"stream":false')) return stream(outgoing);
    const text = body.includes("Why is the sky") ? answerText : whole;
    const headers = { "Content-Type": "application/json; charset=utf-8", "Content-Length": text.length };
    outgoing.writeHead(200, headers);
    outgoing.end(text);
  });
}

function stream(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { "Content-Type": "application/x-ndjson" });
  let sent = 0;
  const next = (): void => {
    sent += 1;
    if (sent < streamLines) {
      outgoing.write(line);
      setTimeout(next, 1);
    } else outgoing.end(last);
  };
  next();
}

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
