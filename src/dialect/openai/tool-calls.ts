import type { ToolCall } from "../../core/chat.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { argumentsText } from "../tools.ts";
import { textOf } from "../values.ts";

/**
 * Puts tool calls together that come in pieces. Servers differ: some leave the index out, some repeat the id or the name
 * with every piece, some send a call whole, some send arguments as an object.
 */
export interface ToolCalls {
  readonly add: (pieces: Json | undefined) => void;
  /** The calls in their order. Undefined when the arguments of one are no JSON object. */
  readonly whole: () => ToolCall[] | undefined;
}

interface Growing {
  id: string;
  name: string;
  written: string;
}

export function createToolCalls(): ToolCalls {
  const calls = new Map<number, Growing>();
  let last = -1;

  const indexOf = (piece: JsonObject, name: string): number => {
    const { index, id } = piece;
    if (typeof index === "number") return index;
    const known = [...calls].find(([, call]) => call.id !== "" && call.id === id)?.[0];
    if (known !== undefined) return known;
    return name === "" && last >= 0 ? last : last + 1;
  };

  const take = (piece: JsonObject): void => {
    const called = isObject(piece["function"]) ? piece["function"] : {};
    const name = textOf(called["name"]);
    const index = indexOf(piece, name);
    last = index;
    const call = calls.get(index) ?? { id: "", name: "", written: "" };
    calls.set(index, call);
    if (call.id === "") call.id = textOf(piece["id"]);
    if (name !== call.name) call.name += name;
    const { arguments: said } = called;
    if (isObject(said)) call.written = JSON.stringify(said);
    else call.written += textOf(said);
  };

  return {
    add(pieces) {
      if (Array.isArray(pieces)) for (const piece of pieces) if (isObject(piece)) take(piece);
    },
    whole() {
      const whole: ToolCall[] = [];
      for (const [, { id, name, written }] of [...calls].toSorted(([a], [b]) => a - b)) {
        const text = argumentsText(written);
        if (text === undefined || name === "") return undefined;
        whole.push({ id: id === "" ? undefined : id, name, arguments: text });
      }
      return whole;
    },
  };
}
