import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that reached the fake, signs of life (version, tags, ps) left out. */
export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** Resolves when the connection or the answer is over. */
  readonly ended: Promise<void>;
}

export interface FakeOllama {
  readonly url: string;
  readonly calls: FakeCall[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  /** Lets `held` streams end, and begins to read uploads. */
  release(): void;
  /** Bytes and SHA-256 of the last upload, once it was read to its end. */
  readonly upload: { readonly bytes: number; readonly sha256: string } | undefined;
  stop(): Promise<void>;
}

/** The models it lists. `endless` never stops, `held` stops when released; the rest say what the recordings say. */
export const fakeModels = ["hello", "gthink", "gtool", "embed", "endless", "held"] as const;

const greeting = "Hello, world! <b>&é";

/** A small Ollama for what the recordings do not hold: transfers, streams without an end, uploads. */
export async function startFakeOllama(): Promise<FakeOllama> {
  const calls: FakeCall[] = [];
  const waiting: (() => void)[] = [];
  let released = false;
  let upload: FakeOllama["upload"];
  const untilReleased = (): Promise<void> =>
    released ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve));

  const takeUpload = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    calls.push(callOf(incoming, outgoing, Buffer.alloc(0)));
    await untilReleased();
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      hash.update(chunk);
    }
    upload = { bytes, sha256: hash.digest("hex") };
    outgoing.writeHead(201).end();
  };

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const path = incoming.url ?? "";
    if (path === "/api/version") return json(outgoing, { version: "0.33.0" });
    if (path === "/api/tags") return json(outgoing, { models: fakeModels.map(entryOf) });
    if (path === "/api/ps") return json(outgoing, { models: [] });
    if (incoming.method === "POST" && path.startsWith("/api/blobs/")) return takeUpload(incoming, outgoing);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    calls.push(callOf(incoming, outgoing, body));
    const wire = parsed(body);
    const answer = answers[path];
    if (answer === undefined) return json(outgoing, { error: "not found" }, 404);
    if (wire.model === "endless" || wire.model === "held") {
      outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
      if (wire.model === "endless") return babble(outgoing);
      outgoing.write(line(chatLine("held", { content: "begun" })));
      await untilReleased();
      outgoing.end(line(chatLine("held", { content: "" }, true)));
      return;
    }
    answer(wire, outgoing);
  };

  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => undefined);
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    release() {
      released = true;
      for (const go of waiting.splice(0)) go();
    },
    get upload() {
      return upload;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Wire = Readonly<Record<string, unknown>>;

function parsed(body: Buffer): Wire {
  try {
    return JSON.parse(body.toString()) as Wire;
  } catch {
    return {};
  }
}

function callOf(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): FakeCall {
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: incoming.headers,
    body,
    ended: new Promise((resolve) => outgoing.once("close", resolve)),
  };
}

const entryOf = (name: string) => ({
  name: `${name}:latest`,
  model: `${name}:latest`,
  modified_at: "2026-01-02T03:04:05Z",
  size: 1,
  digest: createHash("sha256").update(name).digest("hex"),
  details: { format: "gguf", family: "llama" },
});

function json(outgoing: ServerResponse, value: unknown, status = 200): void {
  outgoing.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  outgoing.end(JSON.stringify(value));
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

function babble(outgoing: ServerResponse): void {
  const timer = setInterval(() => outgoing.write(line(chatLine("endless", { content: "more " }))), 5);
  outgoing.once("close", () => clearInterval(timer));
}

function chatLine(model: string, message: Wire, done = false): Wire {
  const head = {
    model,
    created_at: "2026-01-02T03:04:05Z",
    message: { role: "assistant", ...message },
    done,
  };
  return done ? { ...head, done_reason: "stop", prompt_eval_count: 3, eval_count: 2 } : head;
}

function ndjson(outgoing: ServerResponse, values: readonly Wire[]): void {
  outgoing.writeHead(200, { "content-type": "application/x-ndjson" });
  outgoing.end(values.map(line).join(""));
}

const weather = { function: { name: "get_weather", arguments: { city: "Paris" } } };

function chat(wire: Wire, outgoing: ServerResponse): void {
  const model = String(wire.model);
  const extra: Wire =
    model === "gtool" ? { tool_calls: [weather] } : model === "gthink" ? { thinking: "let me see" } : {};
  const content = model === "gtool" ? "" : greeting;
  if (wire.stream === false) return json(outgoing, chatLine(model, { content, ...extra }, true));
  ndjson(outgoing, [
    chatLine(model, { content: "", ...extra }),
    chatLine(model, { content }),
    chatLine(model, { content: "" }, true),
  ]);
}

function generate(wire: Wire, outgoing: ServerResponse): void {
  const head = { model: wire.model, created_at: "2026-01-02T03:04:05Z" };
  const final = { ...head, done: true, done_reason: "stop", prompt_eval_count: 3, eval_count: 2 };
  if (wire.stream === false) return json(outgoing, { ...final, response: greeting });
  ndjson(outgoing, [
    { ...head, response: greeting, done: false },
    { ...final, response: "" },
  ]);
}

function pull(wire: Wire, outgoing: ServerResponse): void {
  if (wire.stream === false) return json(outgoing, { status: "success" });
  ndjson(outgoing, [
    { status: "pulling manifest" },
    { status: "pulling abc", digest: "sha256:abc", total: 2, completed: 1 },
    { status: "success" },
  ]);
}

function v1Chat(wire: Wire, outgoing: ServerResponse): void {
  const head = { id: "chatcmpl-1", created: 1, model: wire.model };
  const message = { role: "assistant", content: greeting };
  if (wire.stream !== true) {
    return json(outgoing, {
      ...head,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  }
  const chunk = (delta: Wire, reason: string | null): string =>
    `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  outgoing.end(`${chunk(message, null)}${chunk({}, "stop")}data: [DONE]\n\n`);
}

const vector = [0.25, -0.5, 0.75];

const countOf = (input: unknown): number => (Array.isArray(input) ? input.length : 1);

const answers: Readonly<Record<string, (wire: Wire, outgoing: ServerResponse) => void>> = {
  "/api/chat": chat,
  "/api/generate": generate,
  "/api/pull": pull,
  "/api/push": pull,
  "/api/create": pull,
  "/api/show": (_wire, outgoing) =>
    json(outgoing, { details: { family: "llama" }, capabilities: ["completion"] }),
  "/api/embed": (wire, outgoing) =>
    json(outgoing, {
      model: wire.model,
      embeddings: Array.from({ length: countOf(wire.input) }, () => vector),
    }),
  "/v1/chat/completions": v1Chat,
  "/v1/embeddings": (wire, outgoing) => {
    const base64 = Buffer.from(Float32Array.from(vector).buffer).toString("base64");
    const embedding = wire.encoding_format === "base64" ? base64 : vector;
    const data = Array.from({ length: countOf(wire.input) }, (_, index) => ({
      object: "embedding",
      embedding,
      index,
    }));
    json(outgoing, { object: "list", data, model: wire.model, usage: { prompt_tokens: 1, total_tokens: 1 } });
  },
};
