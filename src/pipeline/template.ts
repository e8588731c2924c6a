import { randomBytes } from "node:crypto";
import { hexId } from "../dialect/replay.ts";

/** What differs between two replies made of one stored answer. */
export interface Stamp {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** Writes a reply; the bytes of its UTF-8 text as one character each, which is how Node writes a text fastest. */
export type Template = (stamp: Stamp) => string;

let lastTime = { ms: 0, text: new Date(0).toISOString() };

/** Many replies are made in one millisecond. */
function timeText(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}

const textOf = {
  id: ({ id }: Stamp): string => id,
  hex: ({ id }: Stamp): string => hexId(id),
  time: ({ createdMs }: Stamp): string => timeText(createdMs),
  seconds: ({ createdMs }: Stamp): string => String(Math.floor(createdMs / 1_000)),
};
type Slot = keyof typeof textOf;
const slots: readonly Slot[] = ["id", "hex", "time", "seconds"];

/**
 * Finds where a renderer puts id and time by having it render a stamp that no answer holds. Undefined when the renderer
 * does anything else with them, or renders nothing.
 */
export function templateOf(render: (stamp: Stamp) => string | undefined): Template | undefined {
  const stamp = {
    id: randomBytes(12).toString("hex"),
    createdMs: 1e12 + (randomBytes(5).readUIntBE(0, 5) % 4e11),
  };
  const text = render(stamp);
  if (text === undefined) return undefined;
  const marks = slots.map((slot) => textOf[slot](stamp).replaceAll(".", String.raw`\.`));
  const pieces = text.split(new RegExp(`(${marks.join("|")})`));
  const literals = pieces.filter((_, index) => index % 2 === 0).map(bytesOf);
  const found = pieces.filter((_, index) => index % 2 === 1).map((mark) => slotOf(mark, stamp));
  const template: Template = (other) => {
    let whole = literals[0] ?? "";
    for (let at = 0; at < found.length; at++)
      whole += textOf[found[at] ?? "id"](other) + (literals[at + 1] ?? "");
    return whole;
  };
  const probe = { id: "probe", createdMs: stamp.createdMs + 7_777 };
  const expected = render(probe);
  return expected !== undefined && template(probe) === bytesOf(expected) ? template : undefined;
}

const slotOf = (mark: string, stamp: Stamp): Slot =>
  slots.find((slot) => textOf[slot](stamp) === mark) ?? "id";

const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
