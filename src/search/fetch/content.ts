import { TextDecoder } from "node:util";
import { PageFault } from "./fault.ts";

/** How a body is read. */
export type ContentKind = "html" | "text" | "feed";

const kinds: Readonly<Record<string, ContentKind>> = {
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/plain": "text",
  "text/markdown": "text",
  "text/x-markdown": "text",
  "application/json": "text",
  "application/ld+json": "text",
  "application/feed+json": "text",
  "application/rss+xml": "feed",
  "application/atom+xml": "feed",
  "application/rdf+xml": "feed",
  "application/xml": "feed",
  "text/xml": "feed",
};

/** What a server says of its body. */
export interface ContentType {
  /** Undefined when it says nothing. */
  readonly kind: ContentKind | undefined;
  readonly charset: string | undefined;
}

/** Reads the header. Throws PageFault for what is no text, before any of the body has been read. */
export function contentTypeOf(header: string | undefined): ContentType {
  const [essence = "", ...parameters] = (header ?? "").slice(0, 500).toLowerCase().split(";");
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)/.exec(parameter)?.[1])
    .find(Boolean);
  if (essence.trim() === "") return { kind: undefined, charset };
  const kind = kinds[essence.trim()];
  if (kind === undefined) throw new PageFault("it is neither a page nor text");
  return { kind, charset };
}

const startBytesMax = 512;

/** How much must have been read before {@link sniff} can judge. */
export const sniffBytes = startBytesMax;

/** Beginnings of files that some servers call text. */
const fileMarks = [
  "%PDF-",
  "PK\u0003\u0004",
  "\u0089PNG",
  "GIF8",
  "\u00ff\u00d8\u00ff",
  "RIFF",
  "\u001f\u008b",
  "\u007fELF",
  "MZ\u0090",
  "Rar!",
  "7z\u00bc\u00af",
  "BZh",
  "\u00fd7zXZ",
  "\u0028\u00b5\u002f\u00fd",
  "OggS",
  "ID3",
  "fLaC",
  "%!PS",
  "wOFF",
  "wOF2",
];

const htmlMark =
  /^\s*(?:<\?xml[^>]{0,100}>\s*)?(?:<!--[^]{0,200}?-->\s*)?<(?:!doctype html|html|head|body|title)\b/i;
const feedMark = /^\s*<\?xml[^>]{0,100}>|^\s*<(?:rss|feed|rdf:rdf)\b/i;

/**
 * What the first bytes are, whatever the header says: markup is never taken for plain text, so that what it hides stays
 * hidden. Throws PageFault for what is no text.
 */
export function sniff(bytes: Uint8Array, said: ContentKind | undefined): ContentKind {
  const start = Buffer.from(bytes.subarray(0, startBytesMax));
  const mark = start.toString("latin1");
  const isUnicode = bomOf(bytes) !== undefined;
  if (!isUnicode && (fileMarks.some((known) => mark.startsWith(known)) || start.includes(0)))
    throw new PageFault("it is neither a page nor text");
  const text = decodeBytes(start, undefined).replace(/^\uFEFF/, "");
  if (htmlMark.test(text)) return "html";
  if (said === "html" || said === "feed") return said;
  return feedMark.test(text) ? "feed" : (said ?? "text");
}

function bomOf(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xff && second === 0xfe ? "utf-16le" : undefined;
}

const metaBytesMax = 1_024;

/** HTML 13.2.3.2: a page's own word on its letters, within its first 1,024 bytes. */
function metaCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, metaBytesMax)).toString("latin1");
  const label =
    /<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?([\w:.-]{1,40})/i.exec(head)?.[1] ??
    /^<\?xml[^>]{0,60}encoding\s{0,5}=\s{0,5}["']([\w:.-]{1,40})/i.exec(head)?.[1];
  // A page whose meta element can be read as ASCII is not in UTF-16, whatever it says.
  return label === undefined || /^utf-?16/i.test(label) ? undefined : label;
}

/**
 * Bytes as text: by their byte order mark (which HTML puts above all else), the header's charset, the page's own, or
 * UTF-8, and where they are not that, as browsers read pages that say nothing. Unknown names of charsets are passed
 * over, and bytes that fit nothing become U+FFFD.
 */
export function decodeBytes(bytes: Uint8Array, charset: string | undefined): string {
  const labels = [bomOf(bytes), charset, metaCharset(bytes)];
  for (const label of labels) {
    const decoder = label === undefined ? undefined : decoderOf(label);
    if (decoder !== undefined) return decode(decoder, bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    const text = new TextDecoder().decode(bytes);
    return hasLetters.test(text) ? text : decode(new TextDecoder("windows-1252"), bytes);
  }
}

/** What UTF-8 has beyond ASCII, where not all of it is broken. */
const hasLetters = /[\u0080-\uFFFC]/;

/** Windows-1252 from 0x80 on, where some versions of Node read Latin-1, whose control codes show nothing. */
const windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  if (decoder.encoding !== "windows-1252") return text;
  return text.replace(/[\u0080-\u009F]/g, (sign) => windows[sign.charCodeAt(0) - 0x80] ?? sign);
}

function decoderOf(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
