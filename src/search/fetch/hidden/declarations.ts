import { isClear, isFaint } from "./colour.ts";
import { hasLength, isFar, isNothing, isSmallFont, isSmallSide } from "./length.ts";
import { isClippedAway, isCutOut, isMovedAway } from "./place.ts";
import { showing } from "./showing.ts";

/**
 * What a declaration does to the text of its element. What is "small" hides it together with "cut", and what is "clear"
 * does unless a picture or a shadow draws the letters. What "shows" or "inherits" undoes what a weaker declaration of the
 * same property did. The last four tell a beginning from an end: what moves, changes or is animated will be seen, unless
 * it floats over the page.
 */
export type Effect =
  | "hides"
  | "small"
  | "cut"
  | "clear"
  | "lets through"
  | "paints"
  | "draws"
  | "shows"
  | "inherits"
  | "floats"
  | "moves"
  | "changes"
  | "animates";

/** What one property of an element is in the end. */
export interface Declared {
  readonly effect: Effect;
  readonly isImportant: boolean;
}

type Judge = (value: string) => Effect | undefined;

const when =
  (effect: Effect, test: (value: string) => boolean): Judge =>
  (value) =>
    test(value) ? effect : undefined;
const is = (...hiding: string[]): Judge => when("hides", (value) => hiding.includes(value));
const unless =
  (effect: Effect, pattern: RegExp): Judge =>
  (value) =>
    pattern.test(value) ? "shows" : effect;

const far = when("hides", (value) => value.split(" ").some((part) => hasLength(part, isFar)));
const colour = when("clear", isClear);
const cut = when("cut", (value) => /\b(?:hidden|clip)\b/.test(value));
const paints = when("paints", (value) => /gradient\(|url\(/.test(value));
const side: Judge = (value) => {
  if (hasLength(value, isNothing)) return "hides";
  return hasLength(value, isSmallSide) ? "small" : undefined;
};
const moved: Judge = (value) => {
  if (isMovedAway(value)) return "hides";
  return /\(|^-?\d/.test(value) ? "moves" : undefined;
};

/** Too far to the right hides as well, but text that was only moved by its own width is seen where nothing cuts it. */
const indent: Judge = (value) => {
  if (hasLength(value, isFar)) return "hides";
  if (!hasLength(`-${value}`, isFar)) return undefined;
  return value.endsWith("%") ? "small" : "hides";
};

const judges: ReadonlyMap<string, Judge> = new Map(
  (
    [
      ["display", is("none")],
      ["visibility", is("hidden", "collapse")],
      ["content-visibility", is("hidden")],
      ["opacity", when("hides", isFaint)],
      ["filter", when("hides", (value) => isFaint(/opacity\(([^()]*)\)/.exec(value)?.[1] ?? "1"))],
      ["font-size", when("hides", (value) => hasLength(value, isSmallFont))],
      ["font", when("hides", hasSmallFont)],
      ["color text-fill-color", colour],
      ["background-clip", when("lets through", (value) => value === "text")],
      ["background background-image", paints],
      ["left top right bottom inset inset-inline-start inset-block-start", far],
      ["margin margin-left margin-top margin-inline-start margin-block-start", far],
      ["letter-spacing translate", far],
      ["text-indent", indent],
      ["transform scale", moved],
      ["clip", when("hides", isCutOut)],
      ["clip-path", when("hides", isClippedAway)],
      ["height width max-height max-width block-size inline-size max-block-size max-inline-size", side],
      ["overflow overflow-x overflow-y", cut],
      ["text-shadow text-stroke", unless("draws", /^(?:none|0(?:px)?)$|transparent|, ?0\)/)],
      ["position", when("floats", (value) => value === "absolute" || value === "fixed")],
      ["pointer-events", when("floats", (value) => value === "none")],
      ["will-change", unless("moves", /^auto$/)],
      ["transition transition-property transition-duration", unless("changes", /^none\b|^0m?s$/)],
      ["animation animation-name animation-duration animation-delay", unless("animates", /^none$|^0m?s$/)],
    ] satisfies [string, Judge][]
  ).flatMap(([names, judge]) => names.split(" ").map((name): [string, Judge] => [name, judge])),
);

/** `font: 0/0 a`: the size is the number that has a unit, or is none; weights have no unit. */
function hasSmallFont(value: string): boolean {
  return value
    .split(" ")
    .map((part) => part.split("/")[0] ?? "")
    .some((part) => /^(?:[+-]?0*\.?0*|.*[a-z%])$/.test(part) && hasLength(part, isSmallFont));
}

/** What declarations, as plainCss writes them, do in the end: of one property the last that browsers understand. */
export function declarationsOf(text: string): ReadonlyMap<string, Declared> {
  const found = new Map<string, Declared>();
  for (const declaration of text.split(/[;{}]/)) {
    const colon = declaration.indexOf(":");
    if (colon < 0) continue;
    const written = declaration
      .slice(0, colon)
      .trim()
      .replace(/^-(?:webkit|moz|ms|o)-/, "");
    const effect = effectOf(written, plainValue(declaration.slice(colon + 1)));
    const name = written === "font" ? "font-size" : written;
    const isImportant = /! ?important\s*$/.test(declaration);
    if (effect === undefined || (found.get(name)?.isImportant === true && !isImportant)) continue;
    found.set(name, { effect, isImportant });
  }
  return found;
}

function effectOf(name: string, value: string): Effect | undefined {
  const judge = judges.get(name);
  if (judge === undefined) return undefined;
  return judge(value) ?? showing(name, value);
}

const plainValue = (value: string): string =>
  value
    .replace(/\s+/g, " ")
    .replace(/! ?important ?$/, "")
    .replace(/calc\(([^()]*)\)/g, "$1")
    .trim();
