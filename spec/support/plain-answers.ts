import type { Scripted, Seen } from "./fake-upstream.ts";

/** What a model says of a question, in the form it was asked for; nothing in it but what a real server writes. */
export function plainAnswer(
  { path, body }: Pick<Seen, "path" | "body">,
  text = "Hello, wörld!",
): Scripted | undefined {
  const asked = JSON.parse(body === "" ? "{}" : body) as {
    stream?: boolean;
    input?: string | string[];
    prompt?: string;
  };
  const streams = path.startsWith("/v1/") ? asked.stream === true : asked.stream !== false;
  if (path === "/api/embed") return whole(ollamaVectors([asked.input ?? ""].flat()));
  if (path === "/v1/embeddings") return whole(openaiVectors([asked.input ?? ""].flat()));
  if (path === "/api/chat" || path === "/api/generate") return ollama(path, streams, text);
  if (path === "/v1/chat/completions") return openai(streams, text);
  return path === "/v1/messages" ? anthropic(streams, text) : undefined;
}

const whole = (body: string): Scripted => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body,
});
const stream = (type: string, body: string): Scripted => ({
  status: 200,
  headers: { "content-type": type },
  body,
});

const halves = (text: string): string[] => [text.slice(0, text.length / 2), text.slice(text.length / 2)];

function ollama(path: string, streams: boolean, text: string): Scripted {
  const head = { model: "tiny", created_at: "2026-11-21T00:06:19.2146299Z" };
  const said = (content: string): object =>
    path === "/api/chat" ? { message: { role: "assistant", content } } : { response: content };
  const end = {
    done: true,
    done_reason: "stop",
    total_duration: 2_000_000_000,
    load_duration: 5,
    prompt_eval_count: 7,
    prompt_eval_duration: 6,
    eval_count: 4,
    eval_duration: 8,
  };
  if (!streams) return whole(JSON.stringify({ ...head, ...said(text), ...end }));
  const lines = [
    ...halves(text).map((half) => Object.assign({}, head, said(half), { done: false })),
    { ...head, ...said(""), ...end },
  ];
  return stream("application/x-ndjson", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function openai(streams: boolean, text: string): Scripted {
  const names = {
    id: "chatcmpl-9",
    object: "chat.completion",
    created: 1,
    model: "tiny",
    system_fingerprint: "fp",
  };
  const usage = { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 };
  if (!streams) {
    const message = { role: "assistant", content: text };
    return whole(
      `${JSON.stringify({ ...names, choices: [{ index: 0, message, finish_reason: "stop" }], usage })}\n`,
    );
  }
  const chunk = (delta: object, finish: string | null): object => ({
    ...names,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const chunks = [
    ...halves(text).map((content) => chunk({ role: "assistant", content }, null)),
    chunk({}, "stop"),
  ];
  const frames = chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`);
  return stream("text/event-stream", `${frames.join("")}data: [DONE]\n\n`);
}

function anthropic(streams: boolean, text: string): Scripted {
  const names = { id: "msg_9", type: "message", role: "assistant", model: "tiny" };
  const usage = { input_tokens: 7, output_tokens: 4 };
  if (!streams)
    return whole(
      `${JSON.stringify({ ...names, content: [{ type: "text", text }], stop_reason: "end_turn", usage })}\n`,
    );
  const events: { type: string }[] = [
    {
      type: "message_start",
      message: { ...names, content: [], usage: { input_tokens: 7, output_tokens: 0 } },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...halves(text).map((half) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: half },
    })),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
    { type: "message_stop" },
  ] as { type: string }[];
  const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return stream("text/event-stream", frames.join(""));
}

/** A vector that says what it was made of, in numbers whose text JavaScript would write otherwise. */
const vectorOf = (input: string): string => `[${input.length}.50,1e-05,0.10000000149011612]`;

function ollamaVectors(inputs: readonly string[]): string {
  const counts = `"total_duration":1000,"load_duration":10,"prompt_eval_count":${inputs.join("").length}`;
  return `{"model":"tiny","embeddings":[${inputs.map(vectorOf).join(",")}],${counts}}`;
}

function openaiVectors(inputs: readonly string[]): string {
  const data = inputs.map(
    (input, index) => `{"object":"embedding","embedding":${vectorOf(input)},"index":${index}}`,
  );
  const tokens = inputs.join("").length;
  const usage = `"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}`;
  return `{"object":"list","data":[${data.join(",")}],"model":"tiny",${usage}}\n`;
}
