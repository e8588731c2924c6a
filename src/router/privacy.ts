import type { Pattern } from "../lib/pattern.ts";
import { type PrivateKind, privateKinds } from "../lib/private/kinds.ts";
import { hasPrivate } from "../lib/private/find.ts";

/** What is looked for. */
export interface PrivatePatterns {
  /** Kinds of {@link privateKinds} that are on. */
  readonly kinds: ReadonlySet<PrivateKind>;
  /** An operator's own. */
  readonly own: readonly { readonly name: string; readonly pattern: Pattern }[];
}

/**
 * The kinds of private text in a request's body, whatever it says and where: in keys and values, in fields that nobody
 * knows, behind escapes of JSON in JSON. Nothing of the text itself is returned. Of pictures and other long runs of base64 only
 * the beginning is looked at. Patterns find what has a form; they are no promise.
 */
export function findPrivate(
  body: string,
  { kinds, own }: PrivatePatterns,
): { readonly kinds: readonly string[] } {
  const read = unescaped(withoutLongRuns(body));
  const text = plain(read);
  const found = privateKinds.filter((kind) => kinds.has(kind) && hasPrivate(text, kind));
  // An operator may have written down the very letters that are made plain here.
  const finds = (pattern: Pattern): boolean => pattern.finds(text) || (text !== read && pattern.finds(read));
  const named = own.filter(({ pattern }) => finds(pattern)).map(({ name }) => name);
  return { kinds: [...new Set<string>([...found, ...named])] };
}

/** What no text has and pictures are made of: more letters than this without a space or a sign that base64 lacks. */
const runLettersMax = 4_096;
/** Of such a run so many are kept. */
const runLettersKept = 1_024;

const isOfBase64 = new Uint8Array(128);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  isOfBase64[letter.charCodeAt(0)] = 1;

/** By hand: a regular expression tries long runs again from each of their letters, or remembers all of them. */
function withoutLongRuns(text: string): string {
  if (text.length <= runLettersMax) return text;
  const kept: string[] = [];
  let [from, run] = [0, 0];
  for (let at = 0; at <= text.length; at += 1) {
    if (at < text.length && isOfBase64[text.charCodeAt(at)] === 1) continue;
    if (at - run > runLettersMax) {
      kept.push(text.slice(from, run + runLettersKept));
      from = at;
    }
    run = at + 1;
  }
  return kept.length === 0 ? text : kept.join("") + text.slice(from);
}

/** Look-alike digits, letters, dashes and spaces as plain ones, without what is not seen. */
const plain = (text: string): string =>
  ascii.test(text)
    ? text
    : text
        .normalize("NFKC")
        .replaceAll(/\p{Cf}/gu, "")
        .replaceAll(/\p{Pd}/gu, "-");

const ascii = /^[\0-\x7f]*$/;

/** Letters as they are read: `\n` before a key would look like a letter of it. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text
    .replaceAll(/(?<!\\)\\{1,8}u([0-9a-fA-F]{4})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replaceAll(/(?<!\\)\\{1,8}[nrtbf]/g, "\n")
    .replaceAll(/(?<!\\)\\{1,8}(["'/])/g, "$1");
}
