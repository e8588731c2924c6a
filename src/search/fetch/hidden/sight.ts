import type { Declared, Effect } from "./declarations.ts";

/** A declaration that won, with the rule or the attribute that holds it. */
export interface Won extends Declared {
  readonly source: string;
}

/** What an element hands on to what is in it, which may say otherwise. */
export type Letters = "visibility" | "font-size" | "color";

/** How an element's text is seen. */
export interface Sight {
  /** True when nobody sees it, nor anything in it. */
  readonly isHidden: boolean;
  /** Why its letters are not seen, or are seen again, where what is in it says nothing of that itself. */
  readonly dims: readonly Letters[];
  readonly clears: readonly Letters[];
  /** The rule or the attribute that hides something; undefined when none does that can be doubted. */
  readonly cause: string | undefined;
}

/** Seen as what it is in. */
export const plainSight: Sight = { isHidden: false, dims: [], clears: [], cause: undefined };

const letters: readonly Letters[] = ["visibility", "font-size", "color"];

/** What an element begins with before it fades, slides or folds in. */
const beginnings = new Set([
  "opacity",
  "filter",
  "transform",
  "scale",
  "translate",
  "clip-path",
  "height",
  "max-height",
  "block-size",
  "max-block-size",
]);

/** What its declarations make of an element; `isAwaited` tells whether a rule waits to undo what a property hides. */
export function sightOf(declared: ReadonlyMap<string, Won>, isAwaited: (property: string) => boolean): Sight {
  const effects = new Set<Effect>();
  for (const { effect } of declared.values()) effects.add(effect);
  const hiding = hidingIn(declared, effects);
  const isSeen = hiding.size === 0 || isBeginning([...hiding.keys()], effects, isAwaited);
  const dims = isSeen ? [] : letters.filter((property) => hiding.has(property));
  const clears = letters.filter((property) => declared.get(property)?.effect === "shows");
  if (isSeen && clears.length === 0) return plainSight;
  const [cause] = isSeen ? [] : hiding.values();
  return { isHidden: !isSeen && hiding.size > dims.length, dims, clears, cause };
}

/** The properties that keep the text from being seen, each with its source. */
function hidingIn(
  declared: ReadonlyMap<string, Won>,
  effects: ReadonlySet<Effect>,
): ReadonlyMap<string, string> {
  const hiding = new Map<string, string>();
  const isDrawn = effects.has("draws") || (effects.has("lets through") && effects.has("paints"));
  for (const [property, { effect, source }] of declared) {
    if (effect === "hides" || (effect === "small" && effects.has("cut"))) hiding.set(property, source);
    if (effect === "clear" && !isDrawn) hiding.set("color", source);
  }
  return hiding;
}

/** True for what is only waiting for its turn to be seen. */
function isBeginning(
  hiding: readonly string[],
  effects: ReadonlySet<Effect>,
  isAwaited: (property: string) => boolean,
): boolean {
  if (effects.has("floats")) return false;
  if (effects.has("animates")) return hiding.every((name) => beginnings.has(name) || name === "visibility");
  if (effects.has("changes")) return hiding.every((name) => beginnings.has(name));
  return hiding.every((name) => name === "opacity" && (effects.has("moves") || isAwaited(name)));
}
