import { plainNames } from "./css.ts";

/** An element, a class, an id, or some of them together: `div.note#first`. Nothing else of CSS is understood. */
interface Selector {
  readonly name: string | undefined;
  /** With their dot or hash. */
  readonly marks: readonly string[];
}

/** An element with its classes and its id, written as in selectors. */
interface Marked {
  readonly name: string;
  readonly marks: ReadonlySet<string>;
}

/** The selectors that hide something in one page. */
export interface Selectors {
  /** Learns one as plainCss writes it; what is not understood is left alone. */
  learn(text: string): void;
  has(name: string, attributes: ReadonlyMap<string, string>): boolean;
}

/** No page for readers hides more than this; what does is hidden as a whole, as nobody can say what is seen of it. */
const selectorsMax = 20_000;
/** How many selectors may be compared with elements, for the same reason. */
const comparisonsMax = 2_000_000;

/** A page that is hidden as a whole until its script has run is read all the same. */
const roots = new Set(["html", "body"]);

export function createSelectors(): Selectors {
  /** By their last mark, or by their name where they have none. */
  const known = new Map<string, Selector[]>();
  const texts = new Set<string>();
  let comparisons = 0;

  const matches = (selector: Selector, { name, marks }: Marked): boolean => {
    comparisons += 1;
    if (selector.name !== undefined && selector.name !== name) return false;
    return selector.marks.every((mark) => {
      comparisons += 1;
      return marks.has(mark);
    });
  };
  return {
    learn(text) {
      const trimmed = text.trim();
      if (texts.size > selectorsMax || texts.has(trimmed)) return;
      const selector = selectorOf(trimmed);
      const key = selector?.marks.at(-1) ?? selector?.name;
      if (selector === undefined || key === undefined) return;
      texts.add(trimmed);
      const others = known.get(key);
      if (others === undefined) known.set(key, [selector]);
      else others.push(selector);
    },
    has(name, attributes) {
      if (texts.size === 0 || roots.has(name)) return false;
      if (texts.size > selectorsMax || comparisons > comparisonsMax) return true;
      const marked = { name, marks: marksOf(attributes) };
      const isSelected = (key: string): boolean =>
        known.get(key)?.some((selector) => matches(selector, marked)) === true;
      return isSelected(name) || [...marked.marks].some(isSelected);
    },
  };
}

const simple = /^(\*|[\w\u0080-\u{10ffff}-]+)?((?:[.#][\w\u0080-\u{10ffff}-]+)*)$/u;

function selectorOf(text: string): Selector | undefined {
  const [, name, marks] = simple.exec(text) ?? [];
  if (marks === undefined) return undefined;
  return { name: name === "*" ? undefined : name, marks: [...new Set(marks.match(/[.#][^.#]+/g))] };
}

function marksOf(attributes: ReadonlyMap<string, string>): ReadonlySet<string> {
  const classes = (attributes.get("class") ?? "").split(/\s+/).map((name) => `.${plainName(name)}`);
  const id = attributes.get("id");
  return new Set(id === undefined ? classes : [...classes, `#${plainName(id)}`]);
}

/** Small letters, as pages without a doctype do not tell them from others. */
const plainName = (name: string): string => plainNames(name).toLowerCase();
