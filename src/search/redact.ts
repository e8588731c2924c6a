/** What was taken out of a query. */
export type RedactedKind =
  | "private_key"
  | "jwt"
  | "api_key"
  | "password"
  | "email"
  | "iban"
  | "card"
  | "id_number"
  | "private_address"
  | "phone"
  | "blob";

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

const knownKeys = [
  "sk-[\\w-]{16,}",
  "(?:sk|pk|rk)_(?:live|test)_\\w{10,}",
  "tvly-[\\w-]{10,}",
  "BSA[\\w-]{24,}",
  "gh[pousr]_\\w{20,}",
  "github_pat_\\w{20,}",
  "glpat-[\\w-]{16,}",
  "xox[abeoprs]-[\\w-]{10,}",
  "(?:AKIA|ASIA)[A-Z0-9]{16}",
  "AIza[\\w-]{30,}",
  "ya29\\.[\\w-]{20,}",
  "hf_[A-Za-z0-9]{20,}",
  "gsk_[A-Za-z0-9]{20,}",
  "r8_[A-Za-z0-9]{20,}",
  "npm_[A-Za-z0-9]{20,}",
  "SG\\.[\\w-]{16,}\\.[\\w-]{16,}",
  "dop_v1_[a-f0-9]{20,}",
  "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,}",
  "AGE-SECRET-KEY-1[A-Z0-9]{20,}",
];

const secretNames =
  "passwords?|passwd|passphrase|passwort|kennwort|mot de passe|contraseña|senha|secret|token|api[ _-]?key|access[ _-]?key|client[ _-]?secret";

/** The order matters: what contains others comes first. */
const rules: readonly Rule[] = [
  {
    kind: "private_key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
  },
  { kind: "jwt", pattern: /\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g },
  { kind: "api_key", pattern: new RegExp(`(?<![\\w-])(?:${knownKeys.join("|")})`, "g") },
  { kind: "api_key", pattern: /\bBearer +[\w.~+/-]{12,}=*/gi },
  { kind: "password", pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,100}:[^\s/@]{1,100}@/gi },
  {
    kind: "password",
    pattern: new RegExp(`(?:${secretNames})["']? ?(?:[:=]|\\bis\\b|\\bist\\b) ?\\S{4,200}`, "gi"),
  },
  { kind: "email", pattern: /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu },
  {
    kind: "iban",
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/gi,
    confirms: isIban,
  },
  { kind: "card", pattern: /(?<![\d.])[2-6]\d{3}(?:[ -]?\d){8,15}(?![\d.]\d)/g, confirms: isCard },
  { kind: "id_number", pattern: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g },
  {
    kind: "private_address",
    pattern:
      /(?<![\d.])(?:10(?:\.\d{1,3}){3}|127(?:\.\d{1,3}){3}|169\.254(?:\.\d{1,3}){2}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])(?:\.\d{1,3}){2})(?:\/\d{1,2})?(?::\d{1,5})?(?!\.?\d)/g,
  },
  {
    kind: "private_address",
    pattern: /(?<![\w:])(?:f[cd][\da-f]{2}|fe[89ab][\da-f]):[\da-f:]{2,40}(?![\w:])|(?<![\w:])::1(?![\w:])/gi,
  },
  {
    kind: "private_address",
    pattern: /\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,5}\.(?:internal|local|lan|corp|intranet)\b(?!\.)/gi,
  },
  {
    kind: "phone",
    pattern: /(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?\(?\d{1,5}\)?){2,6}(?!\w)/g,
    confirms: isPhone,
  },
  { kind: "phone", pattern: /(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])/g },
  { kind: "phone", pattern: /(?<![\w.,-])\(?0\d{1,4}\)?(?:[ /-]\d{2,8}){1,4}(?!\w|-\d)/g, confirms: isPhone },
  { kind: "blob", pattern: /(?<!\w)(?:0x)?[\da-f]{32,}(?!\w)/gi },
  { kind: "blob", pattern: /(?<![\w+/-])[\w+/-]{40,}={0,2}/g, confirms: isMixed },
];

/**
 * Takes secrets and personal data out of a text that is about to leave the house: keys of known forms, private keys,
 * tokens, passwords, e-mail addresses, phone, card, account and social security numbers, addresses of private networks,
 * and long runs that carry no words.
 */
export function redact(text: string): Redacted {
  const kinds = new Set<RedactedKind>();
  let rest = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  for (const { kind, pattern, confirms } of rules) {
    rest = rest.replace(pattern, (found) => {
      if (confirms?.(found) === false) return found;
      kinds.add(kind);
      return " ";
    });
  }
  const spaced = kinds.size === 0 ? rest : rest.replace(/[^\S\n]+/g, " ");
  return { text: spaced.trim(), kinds: [...kinds] };
}

function digitsIn(text: string): string {
  return text.replace(/\D/g, "");
}

/** E.164 allows 15 digits; fewer than 8 say too little to be somebody's number. */
function isPhone(found: string): boolean {
  const digits = digitsIn(found);
  return digits.length >= 8 && digits.length <= 16;
}

/** The check digit of payment cards (ISO/IEC 7812). */
function isCard(found: string): boolean {
  const digits = digitsIn(found);
  let sum = 0;
  for (const [at, digit] of digits.split("").toReversed().entries()) {
    const doubled = Number(digit) * (at % 2 === 1 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length >= 13 && sum % 10 === 0;
}

/** The check digits of account numbers (ISO 13616): the rest modulo 97 is 1. */
function isIban(found: string): boolean {
  const plain = found.replaceAll(" ", "").toUpperCase();
  if (plain.length < 15 || plain.length > 34) return false;
  let rest = 0;
  for (const letter of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Base64 has small letters, capitals and digits; a long word or a path in small letters has not. */
function isMixed(found: string): boolean {
  return /[a-z]/.test(found) && /[A-Z]/.test(found) && /\d/.test(found);
}
