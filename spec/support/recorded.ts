import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DialectName, Operation } from "../../src/core/call.ts";

const file = fileURLToPath(new URL("../../../shared/conformance/ollama.jsonl", import.meta.url));

/** One request and what a real Ollama answered, read from the recordings rather than replayed. */
export interface Recorded {
  readonly id: string;
  readonly path: string;
  readonly dialect: DialectName;
  readonly operation: Operation;
  readonly asked: string;
  readonly status: number;
  readonly contentType: string;
  readonly answer: string;
}

const operations: Readonly<Record<string, readonly [DialectName, Operation]>> = {
  "/api/generate": ["ollama", "generate"],
  "/api/chat": ["ollama", "chat"],
  "/api/embed": ["ollama", "embed"],
  "/api/embeddings": ["ollama", "embeddings"],
  "/api/show": ["ollama", "show"],
  "/api/pull": ["ollama", "pull"],
  "/v1/chat/completions": ["openai", "chat"],
  "/v1/completions": ["openai", "completions"],
  "/v1/embeddings": ["openai", "embed"],
  "/v1/responses": ["openai", "responses"],
  "/v1/messages": ["anthropic", "messages"],
};

interface Line {
  readonly id: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: string };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** The recorded calls of operations that have a dialect; none when the recordings do not lie beside the project. */
export const recorded: readonly Recorded[] = (existsSync(file) ? readFileSync(file, "utf8").split("\n") : [])
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Line)
  .flatMap(({ id, request, response }) => {
    const [dialect, operation] = operations[request.path] ?? [];
    if (dialect === undefined || operation === undefined) return [];
    const contentType = response.headers["content-type"] ?? "";
    const { status, body: answer } = response;
    return [
      { id, path: request.path, dialect, operation, asked: request.body ?? "", status, contentType, answer },
    ];
  });
