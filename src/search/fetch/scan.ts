import { decodeReferences } from "./entities.ts";

/** What a scan finds, in order. */
export interface ScanHandler {
  /** Text between tags, with its character references as they are written. */
  text(text: string): void;
  /** A tag that opens; names in small letters, of equal attributes the first, their values with references decoded. */
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  close(name: string): void;
  /** What stands in an element that holds no tags, such as a script, in place of its text. */
  raw(name: string, text: string): void;
}

export interface ScanOptions {
  /** True for feeds: `<![CDATA[...]]>` is text, and every element may hold tags. */
  readonly feed?: boolean;
}

/** HTML 13.2.5: elements whose text ends at their own closing tag and nowhere else. */
const rawElements = new Set([
  "script",
  "style",
  "title",
  "textarea",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "noscript",
]);

/** HTML 13.1.2: what is not HTML. */
const foreign = new Set(["svg", "math"]);

const letter = /[a-z]/i;
const nameEnd = /[ \t\n\f\r/>]/g;
/** An equals sign that begins a name belongs to it. */
const attributeName = /[ \t\n\f\r/]*(=?[^ \t\n\f\r/>=]+|=)?[ \t\n\f\r]*/y;

/**
 * Reads markup from its first to its last letter once, in a time that grows with its length only, whatever is in it.
 * A tag or a comment that does not end is dropped with all that follows, as browsers do.
 */
export function scan(html: string, handler: ScanHandler, options: ScanOptions = {}): void {
  const source: Source = {
    html,
    handler,
    isFeed: options.feed === true,
    otherEnd: createFinder(html, "--!>"),
    foreign: 0,
  };
  let at = 0;
  while (at < html.length) {
    const tag = html.indexOf("<", at);
    if (tag !== at) handler.text(html.slice(at, tag < 0 ? html.length : tag));
    if (tag < 0) return;
    at = step(source, tag);
  }
}

interface Source {
  readonly html: string;
  readonly handler: ScanHandler;
  readonly isFeed: boolean;
  /** Browsers end a comment here too. */
  readonly otherEnd: Finder;
  /** How many pictures and formulas are open: in them a tag may end itself. */
  foreign: number;
}

/** Reads what begins with `<` at `tag`; returns the place after it. */
function step(source: Source, tag: number): number {
  const { html, handler } = source;
  const next = html[tag + 1] ?? "";
  if (letter.test(next)) return openTag(source, tag);
  if (next === "/" && letter.test(html[tag + 2] ?? "")) return closeTag(source, tag);
  if (next === "!") return declaration(source, tag);
  if (next === "?" || next === "/") return after(html, ">", { from: tag + 2 });
  handler.text("<");
  return tag + 1;
}

function declaration({ html, handler, isFeed, otherEnd }: Source, tag: number): number {
  if (isFeed && html.startsWith("<![CDATA[", tag)) return cdata(html, tag, handler);
  if (html.startsWith("<!--", tag)) return after(html, "-->", { from: tag + 2, other: otherEnd });
  return after(html, ">", { from: tag + 2 });
}

/** Where the first `end` ends, or the text does; the other end shares no sign with the beginning. */
function after(html: string, end: string, { from, other }: { from: number; other?: Finder }): number {
  const found = html.indexOf(end, from);
  const alternative = other?.(from + 2) ?? -1;
  if (alternative >= 0 && (found < 0 || alternative < found)) return alternative + 4;
  return found < 0 ? html.length : found + end.length;
}

type Finder = (from: number) => number;

/** Looks for the same words again and again without reading anything twice; `from` never runs backwards. */
function createFinder(html: string, wanted: string): Finder {
  let found = -2;
  return (from) => {
    if (found !== -1 && found < from) found = html.indexOf(wanted, from);
    return found;
  };
}

function cdata(html: string, tag: number, handler: ScanHandler): number {
  const end = html.indexOf("]]>", tag);
  handler.text(html.slice(tag + 9, end < 0 ? html.length : end));
  return end < 0 ? html.length : end + 3;
}

function closeTag(source: Source, tag: number): number {
  const { html, handler } = source;
  const name = nameAt(html, tag + 2);
  const end = readAttributes(html, tag + 2 + name.length, new Map());
  if (end < 0) return html.length;
  if (foreign.has(name)) source.foreign = Math.max(0, source.foreign - 1);
  handler.close(name);
  return end;
}

function openTag(source: Source, tag: number): number {
  const { html, handler, isFeed } = source;
  const name = nameAt(html, tag + 1);
  const attributes = new Map<string, string>();
  const end = readAttributes(html, tag + 1 + name.length, attributes);
  if (end < 0) return html.length;
  handler.open(name, attributes);
  if (isFeed) return end;
  if (endsItself(source, name, end)) {
    handler.close(name);
    return end;
  }
  if (foreign.has(name)) source.foreign += 1;
  return rawElement(source, name, end);
}

/** True for a picture or a formula with a slash before its `>`, and for what holds no tags inside of one. */
const endsItself = ({ html, foreign: depth }: Source, name: string, end: number): boolean =>
  html[end - 2] === "/" && (foreign.has(name) || (depth > 0 && rawElements.has(name)));

/** Reads what stands in an element that holds no tags; returns the place after it. */
function rawElement({ html, handler }: Source, name: string, end: number): number {
  if (name === "plaintext") return rawText(html, end, { name, handler, end: html.length });
  if (!rawElements.has(name)) return end;
  const closing = new RegExp(`</${name}(?=[\\s/>])`, "gi");
  closing.lastIndex = end;
  return rawText(html, end, { name, handler, end: closing.exec(html)?.index ?? html.length });
}

function rawText(
  html: string,
  from: number,
  { name, handler, end }: { name: string; handler: ScanHandler; end: number },
): number {
  handler.raw(name, html.slice(from, end));
  return end;
}

function nameAt(html: string, from: number): string {
  nameEnd.lastIndex = from;
  return html.slice(from, nameEnd.exec(html)?.index ?? html.length).toLowerCase();
}

/** Fills `attributes`; returns the place after the tag's end, or -1 when it has none. */
function readAttributes(html: string, from: number, attributes: Map<string, string>): number {
  let at = from;
  while (at < html.length) {
    attributeName.lastIndex = at;
    const name = attributeName.exec(html)?.[1];
    at = attributeName.lastIndex;
    if (html[at] === ">") {
      if (name !== undefined) keep(attributes, name, "");
      return at + 1;
    }
    if (html[at] !== "=") {
      if (name !== undefined) keep(attributes, name, "");
      continue;
    }
    const value = readValue(html, at + 1);
    if (value === undefined) return -1;
    if (name !== undefined) keep(attributes, name, value.text);
    at = value.end;
  }
  return -1;
}

function keep(attributes: Map<string, string>, name: string, value: string): void {
  const key = name.toLowerCase();
  if (!attributes.has(key)) attributes.set(key, decodeReferences(value));
}

const space = /[ \t\n\f\r]*/y;
const bare = /[^ \t\n\f\r>]*/y;

/** Undefined when a quote is not closed. */
function readValue(html: string, from: number): { text: string; end: number } | undefined {
  space.lastIndex = from;
  space.exec(html);
  const start = space.lastIndex;
  const quote = html[start];
  if (quote === '"' || quote === "'") {
    const end = html.indexOf(quote, start + 1);
    return end < 0 ? undefined : { text: html.slice(start + 1, end), end: end + 1 };
  }
  bare.lastIndex = start;
  return { text: bare.exec(html)?.[0] ?? "", end: bare.lastIndex };
}
