import { LRUCache } from "lru-cache";
import type { ToolCall } from "../../core/chat.ts";
import { createToolCalls, type ToolCalls } from "../../dialect/openai/tool-calls.ts";
import { tryParse, isObject, type Json } from "../../lib/json.ts";

/**
 * What a provider wants back unchanged with the tool calls of an answer: thoughts with their signatures. Clients that
 * speak Ollama cannot carry it, so it is remembered here, by the calls, and given back to those who may see the answer.
 */
export interface Details {
  /** Of a call that somebody in `scope` was told of. */
  readonly of: (scope: string, call: ToolCall) => Json | undefined;
  /** Reads an answer's events as they pass, and remembers once it has ended. */
  readonly listen: (scope: string) => DetailListener;
}

export interface DetailListener {
  readonly data: (events: readonly string[]) => void;
  readonly end: () => void;
}

const callsMax = 5_000;
const bytesMax = 16 * 1_024 ** 2;

export function createDetails(): Details {
  const known = new LRUCache<string, Json[]>({
    max: callsMax,
    maxSize: bytesMax,
    sizeCalculation: (pieces) => JSON.stringify(pieces).length + 100,
  });
  return {
    of: (scope, call) => known.get(keyOf(scope, call)),
    listen(scope) {
      const pieces: Json[] = [];
      const calls = createToolCalls();
      return {
        data(events) {
          for (const one of events)
            if (/reasoning_details|tool_calls/.test(one)) take(tryParse(one), pieces, calls);
        },
        end() {
          if (pieces.length === 0) return;
          for (const call of calls.whole() ?? []) known.set(keyOf(scope, call), pieces);
        },
      };
    },
  };
}

/** Providers number the calls of each answer anew, so that an id alone would be taken for another's. */
const keyOf = (scope: string, { id = "", name, arguments: text }: ToolCall): string =>
  JSON.stringify([scope, id, name, tryParse(text) ?? text]);

/** Adds what one event says to the pieces and the calls. */
function take(chunk: Json | undefined, pieces: Json[], calls: ToolCalls): void {
  const choice = isObject(chunk) && Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
  const delta = isObject(choice) ? (choice["delta"] ?? choice["message"]) : undefined;
  if (!isObject(delta)) return;
  const { reasoning_details: details, tool_calls: called } = delta;
  if (Array.isArray(details)) pieces.push(...details);
  calls.add(called);
}
