import { usualControl } from "../cache/control.ts";
import type { Asker, Call, Operation, Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import type { Signal } from "../lib/abort.ts";
import { isObject, type JsonObject, tryParse } from "../lib/json.ts";
import { createRecord } from "../stats/record.ts";
import type { Answer } from "./answer.ts";

/** A question of the daemon's own to a model, in Ollama's words. */
export interface InnerQuestion {
  readonly operation: Extract<Operation, "embed" | "chat">;
  readonly wire: JsonObject & { readonly model: string };
}

/** Asks a model on behalf of nobody: nothing of it is cached or counted. Rejects with ProxyError. */
export type AskInside = (question: InnerQuestion, signal: Signal) => Promise<JsonObject>;

const answerBytesMax = 4 * 1_024 ** 2;

/** `ask` asks an upstream, past the cache. */
export function createAskInside(ask: Answer): AskInside {
  let asked = 0;
  return async ({ operation, wire }, signal) => {
    asked += 1;
    const call: Call = {
      id: `inner-${asked}`,
      dialect: "ollama",
      operation,
      method: "POST",
      path: `/api/${operation}`,
      raw: Buffer.from(JSON.stringify(wire)),
      wire,
      model: wire.model,
      headers: { "content-type": "application/json" },
      pinnedUpstream: undefined,
      asker: insider,
    };
    const reply = await ask(call, createRecord(call.id, "POST"), signal);
    const answer = tryParse((await wholeOf(reply)).toString("utf8"));
    if (reply.status === 200 && isObject(answer)) return answer;
    throw new ProxyError("upstream_broken", `the model answered with status ${reply.status}`);
  };
}

async function wholeOf({ body }: Reply): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new ProxyError("upstream_broken", "the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Chasqui's own questions never leave the house: they hold what clients said. */
const insider: Asker = {
  scope: "local",
  client: "",
  isKnown: false,
  keyName: undefined,
  isLocalOnly: true,
  session: undefined,
  cacheControl: usualControl,
};
