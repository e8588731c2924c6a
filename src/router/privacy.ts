import { type PrivateKind, privateKinds } from "../core/private-kinds.ts";
import { findsKind } from "./private-kinds.ts";

/** What is looked for. */
export interface PrivatePatterns {
  /** Kinds of {@link privateKinds} that are on. */
  readonly kinds: ReadonlySet<PrivateKind>;
  /** An operator's own, compiled; they have to be linear too. */
  readonly own: readonly { readonly name: string; readonly pattern: RegExp }[];
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
  const text = plain(unescaped(body.replaceAll(longRun, firstOfRun)));
  const found = privateKinds.filter((kind) => kinds.has(kind) && findsKind[kind](text));
  // `search` begins at the start, whatever flags the pattern has; `test` would remember where it was.
  const named = own.filter(({ pattern }) => text.search(pattern) >= 0).map(({ name }) => name);
  return { kinds: [...new Set<string>([...found, ...named])] };
}

/** What no text has and pictures are made of: this many letters without a space or a sign that base64 lacks. */
const longRun = /[A-Za-z0-9+/]{4096,}={0,2}/g;
const runLetters = 1_024;
const firstOfRun = (run: string): string => run.slice(0, runLetters);

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
