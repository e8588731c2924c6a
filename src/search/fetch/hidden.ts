import { plainCss } from "./hidden/css.ts";
import { isHiding } from "./hidden/declarations.ts";

/** Elements that show nothing, or nothing that belongs to a page's text. */
const unseen = new Set([
  "script",
  "style",
  "template",
  "noscript",
  "iframe",
  "object",
  "embed",
  "applet",
  "svg",
  "canvas",
  "audio",
  "video",
  "picture",
  "map",
  "select",
  "datalist",
  "textarea",
  "button",
  "noembed",
  "noframes",
  "xmp",
]);

const styleLettersMax = 2_000;

/** Finds out which elements of one page nobody sees. */
export interface Hidden {
  has(name: string, attributes: ReadonlyMap<string, string>): boolean;
  /** Learns the classes and ids that a style sheet inside the page hides. */
  learn(css: string): void;
}

export function createHidden(): Hidden {
  const selectors = new Set<string>();
  const isSelected = (attributes: ReadonlyMap<string, string>): boolean => {
    if (selectors.size === 0) return false;
    const classes = (attributes.get("class") ?? "").split(/\s+/).map((name) => `.${name}`);
    return [...classes, `#${attributes.get("id") ?? ""}`].some((selector) => selectors.has(selector));
  };
  return {
    has: (name, attributes) =>
      unseen.has(name) ||
      (name === "dialog" && !attributes.has("open")) ||
      attributes.has("hidden") ||
      attributes.get("aria-hidden")?.trim().toLowerCase() === "true" ||
      isHiding(plainCss(attributes.get("style") ?? "")) ||
      isSelected(attributes),
    learn(css) {
      for (const selector of hiddenSelectors(css)) selectors.add(selector);
    },
  };
}

/** Only rules outside of `@media` and the like, with selectors of a single class or id: what they hide, all see hidden. */
function* hiddenSelectors(css: string): Generator<string, void, undefined> {
  let depth = 0;
  let selector = "";
  for (const [, text = "", brace] of css.matchAll(/([^{}]*)([{}]|$)/g)) {
    if (brace === "{") {
      depth += 1;
      selector = text;
    } else {
      if (depth === 1 && isHiding(plainCss(text))) yield* simpleSelectors(selector);
      depth = Math.max(0, depth - 1);
    }
  }
}

const simpleSelectors = (text: string): string[] =>
  text
    .slice(0, styleLettersMax)
    .replace(/\/\*[^*]*\*\//g, "")
    .split(",")
    .map((selector) => selector.trim())
    .filter((selector) => /^[.#][\w-]+$/.test(selector));
