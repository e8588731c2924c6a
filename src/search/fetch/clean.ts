import { cut } from "../plain.ts";
import { decodeReferences, tidy } from "./entities.ts";
import { createFactsReader, type Facts } from "./facts.ts";
import { createHidden, type Hidden } from "./hidden.ts";
import { scan, type ScanOptions } from "./scan.ts";

/** A page after a pass over its markup. */
export interface Cleaned {
  /** All that is seen of it, a line for each block, tidied and at most `lettersMax` long. */
  readonly text: string;
  /**
   * The same as markup that every parser reads alike: balanced tags, nothing hidden, no comments, of all attributes
   * class, id and role. Undefined when it is nested deeper or has more elements than a parser should be given.
   */
  readonly html: string | undefined;
  readonly facts: Facts;
}

/** Above these, parsers and readability take time that grows faster than the page. */
const depthMax = 256;
const elementsMax = 20_000;

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const voids = words("area base br col embed hr img input link meta param source track wbr frame basefont");

/** Those of them that part no words. */
const wordless: ReadonlySet<string> = new Set([...voids].filter((name) => name !== "br" && name !== "hr"));

/** Elements that begin a line of their own. */
const blocks = words(
  "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form " +
    "h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section summary table tbody tfoot thead title tr ul " +
    "item entry channel description content",
);
const cells = words("td th");

/** Which open elements a new one ends, when they are the innermost: what the parser behind the extraction does too. */
const paragraph = words("p");
const implied: Readonly<Record<string, ReadonlySet<string>>> = {
  body: words("head"),
  li: words("li"),
  dt: words("dt dd"),
  dd: words("dt dd"),
  tr: words("tr th td"),
  th: words("th"),
  td: words("thead th td"),
  tbody: words("thead tbody"),
  tfoot: words("thead tbody"),
  option: words("option"),
  ...Object.fromEntries(
    [
      "address article aside blockquote details div dl fieldset figcaption figure footer form",
      "h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul",
    ]
      .join(" ")
      .split(" ")
      .map((name) => [name, paragraph]),
  ),
};

/** Attributes by which readability tells an article from what stands around it. */
const keptAttributes = ["class", "id", "role"];

/** What is gathered before tidying, as a multiple of what is kept after it. */
const looseness = 8;

/** Reads markup in a pass, and in one for its style sheets before it, in a time that grows with its length only. */
export function clean(html: string, lettersMax: number, options: ScanOptions = {}): Cleaned {
  const facts = createFactsReader();
  const hidden = createHidden();
  const output = createOutput(lettersMax * looseness);
  const stack = createStack(output);

  learnStyles(html, hidden, options);
  scan(
    html,
    {
      text: (text) => stack.isHidden || output.text(text),
      open(name, attributes) {
        if (!stack.isHidden || name === "html") facts.open(name, attributes);
        stack.open(name, attributes, hidden.has(name, attributes));
      },
      close: (name) => stack.close(name),
      raw: (name, text) => facts.raw(name, text),
    },
    options,
  );
  stack.closeAll();
  return { ...output.finish(lettersMax), facts: facts.facts };
}

/** A style sheet hides what stands before it, too. */
function learnStyles(html: string, hidden: Hidden, options: ScanOptions): void {
  if (!/<style/i.test(html)) return;
  let latest: ReadonlyMap<string, string> = new Map();
  scan(
    html,
    {
      text() {},
      open: (_name, attributes) => void (latest = attributes),
      close() {},
      raw(name, text) {
        if (name === "style") hidden.learn(text, latest);
      },
    },
    options,
  );
}

interface Output {
  text(text: string): void;
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  close(name: string): void;
  /** Called for every element, hidden or not, with how deep it is. */
  count(depth: number): void;
  finish(lettersMax: number): { readonly text: string; readonly html: string | undefined };
}

function createOutput(lettersMax: number): Output {
  const texts: string[] = [];
  let letters = 0;
  let markup: string[] | undefined = [];
  let elements = 0;

  const say = (text: string): void => {
    if (letters >= lettersMax) return;
    letters += text.length;
    texts.push(text);
  };
  const gap = (name: string): void => {
    if (blocks.has(name) || name === "br") say("\n");
    else if (cells.has(name)) say(" ");
  };
  return {
    text(text) {
      say(decodeReferences(text));
      markup?.push(text === "<" ? "&lt;" : text);
    },
    open(name, attributes) {
      gap(name);
      markup?.push(tagOf(name, attributes));
    },
    close(name) {
      gap(name);
      markup?.push(`</${name}>`);
    },
    count(depth) {
      elements += 1;
      if (depth > depthMax || elements > elementsMax) markup = undefined;
    },
    finish: (lettersMax) => ({ text: cut(tidy(texts.join("")), lettersMax), html: markup?.join("") }),
  };
}

function tagOf(name: string, attributes: ReadonlyMap<string, string>): string {
  const kept = keptAttributes.flatMap((key) => {
    const value = attributes.get(key);
    return value === undefined
      ? []
      : [` ${key}="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`];
  });
  return `<${name}${kept.join("")}>`;
}

interface Stack {
  /** True inside an element that nobody sees. */
  readonly isHidden: boolean;
  open(name: string, attributes: ReadonlyMap<string, string>, isHidden: boolean): void;
  close(name: string): void;
  closeAll(): void;
}

/** Names that are safe to write as tags again. */
const plainName = /^[a-z][a-z\d]{0,30}$/;

function createStack(output: Output): Stack {
  const names: string[] = [];
  const counts = new Map<string, number>();
  /** How many elements were open when the hidden one was; undefined outside of any. */
  let hiddenFrom: number | undefined;

  const pop = (): void => {
    const name = names.pop();
    if (name === undefined) return;
    counts.set(name, (counts.get(name) ?? 1) - 1);
    if (hiddenFrom === undefined) output.close(name);
    else if (names.length <= hiddenFrom) hiddenFrom = undefined;
  };
  const push = (name: string, isHidden: boolean): void => {
    if (isHidden) hiddenFrom ??= names.length;
    names.push(name);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  return {
    get isHidden() {
      return hiddenFrom !== undefined;
    },
    open(given, attributes, isHidden) {
      const name = plainName.test(given) ? given : "span";
      for (const ended = implied[name]; ended?.has(names.at(-1) ?? "") === true;) pop();
      output.count(names.length + 1);
      if (hiddenFrom === undefined && !isHidden && !wordless.has(name)) output.open(name, attributes);
      if (!voids.has(name)) push(name, isHidden);
    },
    close(given) {
      const name = plainName.test(given) ? given : "span";
      if ((counts.get(name) ?? 0) === 0) return;
      const left = (counts.get(name) ?? 0) - 1;
      while ((counts.get(name) ?? 0) > left) pop();
    },
    closeAll() {
      while (names.length > 0) pop();
    },
  };
}
