import { lengthOf } from "./length.ts";

const box = /^(?:-(?:webkit|moz|ms)-)?(?:inline-?)?(?:block|flex|flexbox|box|grid|table(?:-[a-z-]+)?)?$/;
const otherBoxes = /^(?:inline|list-item|flow-root|contents|ruby|initial|inherit|unset|revert|revert-layer)$/;
const wide = /^(?:inherit|unset|revert|revert-layer)$/;
const fonts = /^(?:(?:x{1,3}-)?(?:small|large)|medium|initial)$/;
const colours =
  /^(?:#[\da-f]{3,8}|(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark|var)\(.*|initial|black|white|gr[ae]y|red|green|blue|yellow|orange|navy|maroon|purple|teal|silver|dark[a-z]+|dim[a-z]+|light[a-z]+)$/;
const keywords =
  /^(?:auto|none|normal|visible|static|relative|sticky|scroll|initial|fit-content|max-content|min-content)$/;

type Showing = "shows" | "inherits" | undefined;

/**
 * What a value that hides nothing does in place of one that hid: it shows the text, or leaves that to what is around it.
 * Undefined for what browsers do not understand, and so pass over.
 */
export function showing(name: string, value: string): Showing {
  if (name === "display") return shownBy(value !== "" && (box.test(value) || otherBoxes.test(value)));
  if (wide.test(value)) return "inherits";
  return (showings.get(name) ?? anyShowing)(value);
}

const shownBy = (isUnderstood: boolean): Showing => (isUnderstood ? "shows" : undefined);

const anyShowing = (value: string): Showing => shownBy(value.split(" ").every(isUnderstood));

/** A size in parts of a size that shows nothing shows nothing either. */
function sizeShowing(value: string): Showing {
  if (fonts.test(value) || /^(?:clamp|min|max|var)\(/.test(value)) return "shows";
  const { unit } = lengthOf(value) ?? {};
  if (unit === undefined) return undefined;
  return /^(?:em|ex|ch|%)$/.test(unit) ? "inherits" : "shows";
}

function colourShowing(value: string): Showing {
  if (value === "currentcolor") return "inherits";
  return colours.test(value) ? "shows" : undefined;
}

const isUnderstood = (part: string): boolean =>
  keywords.test(part) || lengthOf(part) !== undefined || part.includes("(") || part.endsWith(")");

const showings: ReadonlyMap<string, (value: string) => Showing> = new Map([
  ["visibility", (value: string) => shownBy(value === "visible" || value === "initial")],
  ["font-size", sizeShowing],
  ["color", colourShowing],
  ["text-fill-color", colourShowing],
]);
