import { plainCss } from "./hidden/css.ts";
import { isHiding } from "./hidden/declarations.ts";
import { isShownOnScreens } from "./hidden/media.ts";
import { createSelectors } from "./hidden/selectors.ts";
import { hidingSelectors } from "./hidden/sheet.ts";

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

/** Finds out which elements of one page nobody sees. */
export interface Hidden {
  has(name: string, attributes: ReadonlyMap<string, string>): boolean;
  /** Learns what a style sheet inside the page hides; `attributes` are its element's. */
  learn(css: string, attributes: ReadonlyMap<string, string>): void;
}

export function createHidden(): Hidden {
  const selectors = createSelectors();
  return {
    has: (name, attributes) =>
      unseen.has(name) ||
      (name === "dialog" && !attributes.has("open")) ||
      attributes.has("hidden") ||
      attributes.get("aria-hidden")?.trim().toLowerCase() === "true" ||
      isHidingStyle(attributes.get("style")) ||
      selectors.has(name, attributes),
    learn(css, attributes) {
      if (!isSheet(attributes)) return;
      for (const selector of hidingSelectors(css)) selectors.learn(selector);
    },
  };
}

const isHidingStyle = (style: string | undefined): boolean =>
  style !== undefined && isHiding(plainCss(style));

/** False for sheets that browsers do not read, or only for paper. */
function isSheet(attributes: ReadonlyMap<string, string>): boolean {
  const type = attributes.get("type")?.trim().toLowerCase() ?? "";
  return (type === "" || type === "text/css") && isShownOnScreens(plainCss(attributes.get("media") ?? ""));
}
