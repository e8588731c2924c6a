import { plainNames } from "./css.ts";

/** What is understood of a selector: the element it selects, and what has to be around or before that. */
export interface Selector {
  readonly name: string | undefined;
  /** Classes with their dot, ids with their hash, attributes in brackets. */
  readonly marks: readonly string[];
  /** Names and marks of other elements. */
  readonly others: readonly string[];
  /** True for an element, a class, an id, or some of them together: `div.note#first`. */
  readonly isSimple: boolean;
  /** How strong it is among others (Selectors 17). */
  readonly specificity: number;
}

/** An element with its classes, its id and its attributes, written as in selectors. */
export interface Marked {
  readonly name: string;
  readonly marks: ReadonlySet<string>;
}

const word = String.raw`[\w\u0080-\u{10ffff}-]+`;
const compound = new RegExp(String.raw`^(\*|${word})?((?:[.#:]${word}|\[${word}\])*)$`, "u");
const mark = new RegExp(String.raw`[.#]${word}|\[${word}\]`, "gu");

/** What a reader has to do first, what is not the element itself, and what a script ends. */
const passing =
  /::|:(?:hover|focus|active|before|after|first-l|visited|marker|defined|disabled|invalid|empty)/;

/** The selectors of a list as plainCss writes it, for {@link selectorOf}. */
export const selectorTexts = (list: string): readonly string[] => withoutArguments(list).split(",");

const argumentsDepthMax = 4;

/** `:not(.a, .b)` as `:not`: a rule that shows something is believed without a look at them. */
function withoutArguments(list: string): string {
  let text = list;
  for (let depth = 0; depth < argumentsDepthMax && text.includes("("); depth += 1)
    text = text.replace(/\([^()]*\)/g, "");
  return text;
}

/** Undefined for what is not understood. */
export function selectorOf(text: string): Selector | undefined {
  if (passing.test(text)) return undefined;
  const plain = text.replace(/\s+/g, " ").replace(/\[ ?([^[\] =~|^$*]+)[^[\]]*\]/g, "[$1]");
  const compounds = plain.split(/ ?[>+~] ?| /).map((part) => compound.exec(part));
  const found = compounds.map((match) => ({
    name: match?.[1] === "*" ? undefined : match?.[1],
    marks: [...new Set(match?.[2]?.match(mark))],
  }));
  const last = found.at(-1);
  if (compounds.includes(null) || last === undefined) return undefined;
  return {
    ...last,
    others: found
      .slice(0, -1)
      .flatMap(({ name, marks }) => (name === undefined ? marks : marks.concat(name))),
    isSimple: found.length === 1 && !/[[:]/.test(plain),
    specificity: specificityOf(plain, found.filter(({ name }) => name !== undefined).length),
  };
}

const step = 1_000;

const specificityOf = (text: string, names: number): number =>
  (text.split("#").length - 1) * step * step + (text.split(/[.[:]/).length - 1) * step + names;

export function markedOf(name: string, attributes: ReadonlyMap<string, string>): Marked {
  const marks = new Set<string>();
  for (const [key, value] of attributes) {
    if (key === "class") for (const text of value.split(/\s+/)) marks.add(`.${plainName(text)}`);
    if (key === "id") marks.add(`#${plainName(value)}`);
    marks.add(`[${plainName(key)}]`);
  }
  return { name, marks };
}

/** Small letters, as pages without a doctype do not tell them from others. */
const plainName = (name: string): string => plainNames(name).toLowerCase();
