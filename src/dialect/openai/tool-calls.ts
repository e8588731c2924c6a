import type { ToolCall } from "../../core/chat.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import { argumentsText } from "../tools.ts";
import { textOf } from "../values.ts";

/**
 * Puts tool calls together that come in pieces. Servers differ: some leave the index out or give all calls the same, some
 * repeat the id or the name with every piece, some send a call whole, some send arguments as an object.
 */
export interface ToolCalls {
  /** Whether there was anything to add. */
  readonly add: (pieces: Json | undefined) => boolean;
  /** The calls in their order. Undefined when the arguments of one are no JSON object. */
  readonly whole: () => ToolCall[] | undefined;
  /** Those of an answer that was cut off at its longest: the call that was being written is left out. */
  readonly written: () => ToolCall[];
}

interface Growing {
  readonly index: number;
  id: string;
  name: string;
  written: string;
}

interface Piece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
}

export function createToolCalls(): ToolCalls {
  const calls: Growing[] = [];
  let last: Growing | undefined;

  const begin = (index: number): Growing => {
    const call = { index, id: "", name: "", written: "" };
    calls.push(call);
    return call;
  };

  const nextIndex = (): number => Math.max(-1, ...calls.map(({ index }) => index)) + 1;

  const growing = ({ index, id, name }: Piece): Growing => {
    if (index !== undefined) {
      const known = calls.findLast((call) => call.index === index);
      return known === undefined || isOther(known, id) ? begin(index) : known;
    }
    const known = calls.find((call) => id !== "" && call.id === id);
    if (known !== undefined) return known;
    return last === undefined || isOther(last, id) || opens(last, name) ? begin(nextIndex()) : last;
  };

  const take = (piece: JsonObject): void => {
    const called = isObject(piece["function"]) ? piece["function"] : {};
    const id = textOf(piece["id"]);
    const name = textOf(called["name"]);
    const index = typeof piece["index"] === "number" ? piece["index"] : undefined;
    const call = growing({ index, id, name });
    last = call;
    if (call.id === "") call.id = id;
    if (name !== call.name) call.name += name;
    const { arguments: said } = called;
    if (isObject(said)) call.written = JSON.stringify(said);
    else call.written += textOf(said);
  };

  const finished = (): ToolCall[] =>
    calls
      .toSorted((a, b) => a.index - b.index)
      .flatMap(({ id, name, written }) => {
        const text = argumentsText(written);
        if (text === undefined || name === "") return [];
        return [{ id: id === "" ? undefined : id, name, arguments: text }];
      });

  return {
    add(pieces) {
      const known = Array.isArray(pieces) ? pieces.filter(isObject) : [];
      for (const piece of known) take(piece);
      return known.length > 0;
    },
    whole() {
      const whole = finished();
      return whole.length === calls.length ? whole : undefined;
    },
    written: finished,
  };
}

/** Two ids are two calls, whatever index they share. */
const isOther = (call: Growing, id: string): boolean => id !== "" && call.id !== "" && call.id !== id;

/** A name opens a call, unless the last one still waits for its name, or repeats it while its arguments are not whole. */
function opens({ name: own, written }: Growing, name: string): boolean {
  if (name === "" || own === "") return false;
  return name !== own || tryParse(written) !== undefined;
}
