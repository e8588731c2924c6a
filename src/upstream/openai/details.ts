import { LRUCache } from "lru-cache";
import { tryParse, isObject, type Json } from "../../lib/json.ts";

/**
 * What a provider wants back unchanged with the tool calls of an answer: thoughts with their signatures. Clients that
 * speak Ollama cannot carry it, so it is remembered here, by the ids of the calls.
 */
export interface Details {
  readonly of: (toolCallId: string) => Json | undefined;
  /** Reads an answer's events as they pass, and remembers once it has ended. */
  readonly listen: () => { readonly data: (events: readonly string[]) => void };
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
    of: (id) => known.get(id),
    listen() {
      const pieces: Json[] = [];
      const ids = new Set<string>();
      return {
        data(events) {
          for (const one of events) {
            if (!/reasoning_details|tool_calls/.test(one)) continue;
            for (const id of take(tryParse(one), pieces)) ids.add(id);
          }
          if (pieces.length > 0) for (const id of ids) known.set(id, pieces);
        },
      };
    },
  };
}

/** Adds what one event says to the pieces; returns the ids of the calls in it. */
function take(chunk: Json | undefined, pieces: Json[]): string[] {
  const choice = isObject(chunk) && Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
  const delta = isObject(choice) ? (choice["delta"] ?? choice["message"]) : undefined;
  if (!isObject(delta)) return [];
  const { reasoning_details: details, tool_calls: calls } = delta;
  if (Array.isArray(details)) pieces.push(...details);
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call) => (isObject(call) && typeof call["id"] === "string" ? [call["id"]] : []));
}
