import { isClear, isFaint } from "./colour.ts";
import { hasLength, isFar, isNothing, isSmallFont, isSmallSide } from "./length.ts";
import { isClippedAway, isCutOut, isMovedAway } from "./place.ts";

/**
 * What a declaration does to the text of its element. What is "small" hides it together with "cut", and what is "clear"
 * does unless the text lets a picture through.
 */
type Effect = "hides" | "small" | "cut" | "clear" | "lets through" | "paints";

type Judge = (value: string) => Effect | undefined;

const when =
  (effect: Effect, test: (value: string) => boolean): Judge =>
  (value) =>
    test(value) ? effect : undefined;
const is = (...hiding: string[]): Judge => when("hides", (value) => hiding.includes(value));

const far = when("hides", (value) => value.split(" ").some((part) => hasLength(part, isFar)));
const colour = when("clear", isClear);
const cut = when("cut", (value) => /\b(?:hidden|clip)\b/.test(value));
const paints = when("paints", (value) => /gradient\(|url\(/.test(value));
const side: Judge = (value) => {
  if (hasLength(value, isNothing)) return "hides";
  return hasLength(value, isSmallSide) ? "small" : undefined;
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
      ["transform scale", when("hides", isMovedAway)],
      ["clip", when("hides", isCutOut)],
      ["clip-path", when("hides", isClippedAway)],
      ["height width max-height max-width block-size inline-size max-block-size max-inline-size", side],
      ["overflow overflow-x overflow-y", cut],
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

/** True for declarations, as plainCss writes them, that keep an element's text from being seen. */
export function isHiding(declarations: string): boolean {
  const effects = new Set<Effect>();
  for (const declaration of declarations.split(/[;{}]/)) {
    const effect = effectOf(declaration);
    if (effect === "hides") return true;
    if (effect !== undefined) effects.add(effect);
  }
  const isPicture = effects.has("lets through") && effects.has("paints");
  return (effects.has("small") && effects.has("cut")) || (effects.has("clear") && !isPicture);
}

function effectOf(declaration: string): Effect | undefined {
  const colon = declaration.indexOf(":");
  if (colon < 0) return undefined;
  const name = declaration.slice(0, colon).trim();
  const judge = judges.get(name.replace(/^-(?:webkit|moz|ms|o)-/, ""));
  return judge?.(plainValue(declaration.slice(colon + 1)));
}

const plainValue = (value: string): string =>
  value
    .replace(/\s+/g, " ")
    .replace(/! ?important ?$/, "")
    .replace(/calc\(([^()]*)\)/g, "$1")
    .trim();
