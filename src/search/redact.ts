import { findersOf } from "../lib/private/find.ts";
import { keyLike } from "../lib/private/keys.ts";
import { privateKinds, type PrivateKind } from "../lib/private/kinds.ts";
import { hasCardSum, hasIbanSum } from "../lib/private/numbers.ts";
import type { Span } from "../lib/private/spans.ts";

/** What was taken out of a query: what keeps a conversation in the house, names of private machines, and long codes. */
export type RedactedKind = PrivateKind | "private_host" | "blob";

export interface Redacted {
  /** Without secrets and personal data; spaces are put together, look-alike digits are plain ones. */
  readonly text: string;
  /** What was taken, each kind once, in a fixed order. */
  readonly kinds: readonly RedactedKind[];
}

interface Rule {
  readonly kind: RedactedKind;
  readonly pattern: RegExp;
  /** Whether what the pattern found is one indeed; yes when left out. */
  readonly confirms?: (found: string) => boolean;
}

/** Without what tells keys from words, or not secret by themselves: a query can do without. */
const alikeKeys = ["sk-[\\w-]{16,}", "pk_(?:live|test)_\\w{10,}", "BSA[\\w-]{24,}"];

const secretNames =
  "passwords?|passwd|pwd|passphrase|passwort|kennwort|mot de passe|contraseña|senha|secret|token|api[ _-]?key|access[ _-]?key|client[ _-]?secret";

/** What goes beyond the kinds that are known everywhere, because what is lost here is a few words of a query. */
const rules: readonly Rule[] = [
  { kind: "jwt", pattern: /\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g },
  { kind: "api_key", pattern: keyLike },
  { kind: "api_key", pattern: new RegExp(`(?<![\\w-])(?:${alikeKeys.join("|")})`, "g") },
  { kind: "api_key", pattern: /\bBearer +[\w.~+/-]{12,}=*/gi },
  { kind: "password", pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,100}:[^\s/@]{1,100}@/gi },
  {
    kind: "password",
    pattern: new RegExp(`(?:${secretNames})["']? {0,3}(?:[:=]|\\bis\\b|\\bist\\b) {0,3}\\S{4,200}`, "gi"),
  },
  // "The password for the server is ...": a word with a digit or a sign in it is no word.
  {
    kind: "password",
    pattern: new RegExp(
      `\\b(?:${secretNames})\\b[^\\n.?!]{0,40}?\\b(?:is|was|ist|war)\\b \\S{0,60}[\\d@#$%^&*]\\S{0,60}`,
      "gi",
    ),
  },
  { kind: "email", pattern: /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu },
  {
    kind: "iban",
    pattern: /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b/gi,
    confirms: (found) => isOfLength(found, 15, 34) && hasIbanSum(found.replace(/[ -]/g, "")),
  },
  {
    kind: "card_number",
    pattern: /(?<![\d.])[2-6]\d{3}(?:[ -]?\d){8,15}(?![\d.]\d)/g,
    confirms: (found) => isOfLength(found, 13, 19) && hasCardSum(found.replace(/\D/g, "")),
  },
  { kind: "us_ssn", pattern: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g },
  {
    kind: "ip_private",
    pattern:
      /(?<![\d.])(?:10(?:\.\d{1,3}){3}|127(?:\.\d{1,3}){3}|169\.254(?:\.\d{1,3}){2}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d{1,3}){2})(?:\/\d{1,2})?(?::\d{1,5})?(?!\.?\d)/g,
  },
  {
    kind: "ip_private",
    pattern: /(?<![\w:])(?:f[cd][\da-f]{2}|fe[89ab][\da-f]):[\da-f:]{2,40}(?![\w:])|(?<![\w:])::1(?![\w:])/gi,
  },
  {
    kind: "private_host",
    pattern:
      /\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.(?:internal|local|localdomain|lan|corp|intranet|home|home\.arpa)\b(?!\.)/gi,
  },
  {
    kind: "phone",
    pattern: /(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,5}\)?){2,6}(?!\w)/g,
    confirms: isPhone,
  },
  { kind: "phone", pattern: /(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])/g },
  { kind: "phone", pattern: /(?<![\w.,-])\(?0\d{1,4}\)?(?:[ /-]\d{2,8}){1,4}(?!\w|-\d)/g, confirms: isPhone },
];

/** What is nothing of all that: the beginning of a key, and codes that are no words. */
const leftovers: readonly Rule[] = [
  { kind: "private_key", pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*$/g },
  { kind: "blob", pattern: /(?<!\w)(?:0x)?[\da-f]{32,}(?!\w)/gi },
  { kind: "blob", pattern: /(?<![\w+/-])[\w+/-]{40,}={0,2}/g, confirms: isMixed },
];

/** Dashes between letters, which are drawn in many ways. */
const joiningDash = /(?<=[\p{L}\p{N}])\p{Pd}(?=[\p{L}\p{N}])/gu;

/**
 * Takes secrets and personal data out of a text that is about to leave the house: keys of known forms, private keys,
 * tokens, passwords, e-mail addresses, phone, card, account and social security numbers, addresses of private networks,
 * and long runs that carry no words.
 */
export function redact(text: string): Redacted {
  const kinds = new Set<RedactedKind>();
  let rest = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(joiningDash, "-");
  const take = ({ kind, pattern, confirms }: Rule): void => {
    rest = rest.replace(pattern, (found) => {
      if (confirms?.(found) === false) return found;
      kinds.add(kind);
      return " ";
    });
  };
  for (const rule of rules) take(rule);
  for (const kind of privateKinds) {
    const spans = [...findersOf[kind](rest)];
    if (spans.length > 0) kinds.add(kind);
    rest = without(rest, spans);
  }
  for (const rule of leftovers) take(rule);
  const spaced = kinds.size === 0 ? rest : rest.replace(/[^\S\n]+/g, " ");
  return { text: spaced.trim(), kinds: kindsInOrder.filter((kind) => kinds.has(kind)) };
}

const kindsInOrder: readonly RedactedKind[] = [...privateKinds, "private_host", "blob"];

/** A text with a space in place of each span; spans may overlap. */
function without(text: string, spans: readonly Span[]): string {
  let kept = "";
  let end = 0;
  for (const [from, to] of spans.toSorted(([one], [other]) => one - other)) {
    if (from >= end) kept += `${text.slice(end, from)} `;
    end = Math.max(end, to);
  }
  return kept + text.slice(end);
}

function isOfLength(found: string, least: number, most: number): boolean {
  const { length } = found.replace(/[ -]/g, "");
  return length >= least && length <= most;
}

/** E.164 allows 15 digits; fewer than 8 say too little to be somebody's number. */
function isPhone(found: string): boolean {
  const digits = found.replace(/\D/g, "").length;
  return digits >= 8 && digits <= 16;
}

/** Base64 has small letters, capitals and digits; a long word or a path in small letters has not. */
function isMixed(found: string): boolean {
  return /[a-z]/.test(found) && /[A-Z]/.test(found) && /\d/.test(found);
}
