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

/** Declarations that keep an element's text from being seen. */
const hiding = [
  /(?:^|;)display:none/,
  /(?:^|;)visibility:(?:hidden|collapse)/,
  /(?:^|;)content-visibility:hidden/,
  /(?:^|;)opacity:(?:0|0?\.0\d*)(?:%|;|!|$)/,
  /(?:^|;)font(?:-size)?:(?:0?\.[0-2]\d*|0|1(?:\.\d+)?(?=px|pt))[a-z%]*(?:;|!|\/|$)/,
  /(?:^|;)color:transparent/,
  /(?:^|;)(?:left|top|right|bottom|text-indent|margin-left|margin-top):-(?:\d{4,}|[1-9]\d{2}(?!px)|999)/,
  /(?:^|;)transform:scale\(0\)/,
  /(?:^|;)clip:rect\((?:0|1)(?:px)?[, ]?(?:0|1)/,
  /(?:^|;)clip-path:inset\((?:50|100)%/,
  /(?:^|;)(?:max-)?(?:height|width):0(?:[a-z%]*)(?:;|!|$)/,
];

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
      isHiding(attributes.get("style")) ||
      isSelected(attributes),
    learn(css) {
      for (const selector of hiddenSelectors(css)) selectors.add(selector);
    },
  };
}

function isHiding(style: string | undefined): boolean {
  if (style === undefined) return false;
  const plain = style
    .slice(0, styleLettersMax)
    .toLowerCase()
    .replace(/\/\*[^*]*\*\//g, "")
    .replace(/\s+/g, "");
  return hiding.some((pattern) => pattern.test(plain));
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
      if (depth === 1 && isHiding(text)) yield* simpleSelectors(selector);
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
