import { createCascade } from "./hidden/cascade.ts";
import { plainCss } from "./hidden/css.ts";
import { declarationsOf, type Declared } from "./hidden/declarations.ts";
import { isShownOnScreens } from "./hidden/media.ts";
import { markedOf } from "./hidden/selectors.ts";
import { rulesOf } from "./hidden/sheet.ts";
import { plainSight, sightOf, type Sight } from "./hidden/sight.ts";

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

/** What its script shows when it has run is read all the same. */
const roots = new Set(["html", "body"]);

type Attributes = ReadonlyMap<string, string>;

/** Finds out which elements of one page nobody sees. */
export interface Hidden {
  /** Learns what a style sheet inside the page does; `attributes` are its element's. */
  learn(css: string, attributes: Attributes): void;
  /** Told every element before the first look, as some rules hold only where another element is there. */
  meet(name: string, attributes: Attributes): void;
  look(name: string, attributes: Attributes): Sight;
  /** From here on, what hid something is not believed: a rule, a style or an attribute, as a sight named it. */
  doubt(cause: string): void;
}

const nothing: ReadonlyMap<string, Declared> = new Map();

export function createHidden(): Hidden {
  const cascade = createCascade();
  const doubted = new Set<string>();
  let hasRules = false;

  const styleSight = (name: string, attributes: Attributes): Sight => {
    const style = attributes.get("style");
    if (style === undefined && !hasRules) return plainSight;
    const source = `style ${style}`;
    const declared = style === undefined || doubted.has(source) ? nothing : declarationsOf(plainCss(style));
    const marked = markedOf(name, attributes);
    const won = cascade.winnersOf(marked, { declared, source, doubted });
    if (won === undefined) return hiddenBy(undefined);
    return sightOf(won, (property) => cascade.isAwaited(property, marked));
  };
  return {
    learn(css, attributes) {
      if (!isSheet(attributes)) return;
      hasRules = true;
      cascade.learn(rulesOf(css));
    },
    meet: (name, attributes) => cascade.meet(markedOf(name, attributes)),
    look(name, attributes) {
      if (isUnseen(name, attributes)) return hiddenBy(undefined);
      if (roots.has(name)) return plainSight;
      const cause = hidingAttributes.find((key) => isSet(key, attributes) && !doubted.has(key));
      return cause === undefined ? styleSight(name, attributes) : hiddenBy(cause);
    },
    doubt: (cause) => void doubted.add(cause),
  };
}

const hiddenBy = (cause: string | undefined): Sight => ({ ...plainSight, isHidden: true, cause });

/** A template that is a shadow tree is seen. */
function isUnseen(name: string, attributes: Attributes): boolean {
  if (name === "template") return !/^(?:open|closed)$/i.test(attributes.get("shadowrootmode") ?? "");
  return unseen.has(name) || (name === "dialog" && !attributes.has("open"));
}

const hidingAttributes = ["hidden", "aria-hidden"] as const;

const isSet = (key: (typeof hidingAttributes)[number], attributes: Attributes): boolean =>
  key === "hidden" ? attributes.has(key) : attributes.get(key)?.trim().toLowerCase() === "true";

/** False for sheets that browsers do not read, or only for paper. */
function isSheet(attributes: Attributes): boolean {
  const type = attributes.get("type")?.trim().toLowerCase() ?? "";
  return (type === "" || type === "text/css") && isShownOnScreens(plainCss(attributes.get("media") ?? ""));
}
