import { cut } from "../plain.ts";
import { voids, words } from "./elements.ts";
import { decodeReferences, tidy } from "./entities.ts";
import { createFactsReader, type Facts } from "./facts.ts";
import { createHidden, type Hidden } from "./hidden.ts";
import { createOpenElements, type Watcher } from "./open-elements.ts";
import { scan, type ScanOptions } from "./scan.ts";
import { createShade } from "./shade.ts";

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

/** Elements that have no end and part no words. */
const wordless: ReadonlySet<string> = new Set([...voids].filter((name) => name !== "br" && name !== "hr"));

/** Elements that begin a line of their own. */
const blocks = words(
  "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form " +
    "h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section summary table tbody tfoot thead title tr ul " +
    "item entry channel description content",
);
const cells = words("td th");

/** Attributes by which readability tells an article from what stands around it. */
const keptAttributes = ["class", "id", "role"];

/** What is gathered before tidying, as a multiple of what is kept after it. */
const looseness = 8;

/** How many things that hide may turn out not to be believed. */
const doubtsMax = 2;

/** Reads markup in a few passes, in a time that grows with its length only. */
export function clean(html: string, lettersMax: number, options: ScanOptions = {}): Cleaned {
  const page: Markup = { html, options, hidden: createHidden() };
  learnStyles(page);
  for (let doubts = 0; ; doubts += 1) {
    const { cleaned, doubtful } = read(page, lettersMax);
    if (doubtful === undefined || doubts === doubtsMax) return cleaned;
    page.hidden.doubt(doubtful);
  }
}

interface Markup {
  readonly html: string;
  readonly options: ScanOptions;
  readonly hidden: Hidden;
}

/** The page, and what hides nearly all of its text, if anything does. */
function read(
  { html, options, hidden }: Markup,
  lettersMax: number,
): { readonly cleaned: Cleaned; readonly doubtful: string | undefined } {
  const facts = createFactsReader();
  const output = createOutput(lettersMax * looseness);
  const opened = createOpenElements(output);
  const shade = createShade();

  scan(
    html,
    {
      text(text) {
        const isHidden = opened.isHidden;
        shade.count(text, isHidden, opened.cause);
        if (!isHidden) output.text(text);
      },
      open(name, attributes) {
        if (!opened.isHidden || name === "html") facts.open(name, attributes);
        opened.open(name, attributes, hidden.look(name, attributes));
      },
      close: (name) => opened.close(name),
      raw: (name, text) => facts.raw(name, text),
    },
    options,
  );
  opened.closeAll();
  return { cleaned: { ...output.finish(lettersMax), facts: facts.facts }, doubtful: shade.doubtful };
}

/** A style sheet hides what stands before it, too; one in a template is not the page's. */
function learnStyles({ html, options, hidden }: Markup): void {
  if (!/<style/i.test(html)) return;
  let latest: ReadonlyMap<string, string> = new Map();
  let templates = 0;
  scan(
    html,
    {
      text() {},
      open(name, attributes) {
        latest = attributes;
        if (name === "template") templates += 1;
        hidden.meet(name, attributes);
      },
      close(name) {
        if (name === "template" && templates > 0) templates -= 1;
      },
      raw(name, text) {
        if (name === "style" && templates === 0) hidden.learn(text, latest);
      },
    },
    options,
  );
}

interface Output extends Watcher {
  text(text: string): void;
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
      if (wordless.has(name)) return;
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
