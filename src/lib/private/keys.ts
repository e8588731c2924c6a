import { isPlaceholder } from "./placeholder.ts";
import { type Span, spansOf } from "./spans.ts";

/** With something of the key behind it, to its end or that of the text: code names the head alone. */
const privateKey =
  /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s{1,8}[\w+/=]{4}|[\w+/=]{16})(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]{0,40}-----|[\w+/=:,.\s-]*)/g;

export function* privateKeys(text: string): Generator<Span> {
  if (text.includes("PRIVATE KEY")) yield* spansOf(text, privateKey);
}

interface KeyForm {
  /** How it begins, and of which letters the rest is; sources of regular expressions. */
  readonly begins: string;
  readonly letters: string;
  /** How many of these letters one has; a run of at least so many is half of one, or something else. */
  readonly count: number;
  readonly least: number;
}

const form = (begins: string, letters: string, [count, least = count]: readonly number[]): KeyForm => ({
  begins,
  letters,
  count: count ?? 0,
  least: least ?? 0,
});

const letter = "[A-Za-z0-9]";
/** Forms that providers give their keys. Source: their documentation, and GitHub's list of secret scanning patterns. */
const keyForms: readonly KeyForm[] = [
  form("(?:sk|rk)_(?:live|test)_", letter, [16, 10]),
  form("gh[pousr]_", letter, [36, 20]),
  form("github_pat_", String.raw`\w`, [22, 20]),
  form("glpat-", String.raw`[\w-]`, [20, 16]),
  form("(?:AKIA|ASIA)", "[A-Z0-9]", [16]),
  form("AIza", String.raw`[\w-]`, [35, 30]),
  form("xox[abeoprs]-", String.raw`[\w-]`, [10]),
  form(String.raw`xapp-\d-`, String.raw`[\w-]`, [10]),
  form("npm_", letter, [36, 20]),
  form("pypi-AgE", String.raw`[\w-]`, [50, 20]),
  form("hf_", letter, [30, 20]),
  form(String.raw`SG\.[\w-]{16,22}\.`, String.raw`[\w-]`, [43, 16]),
  form("dop_v1_", "[a-f0-9]", [64, 20]),
  form("shp(?:at|ca|pa|ss)_", "[a-fA-F0-9]", [32, 20]),
  form(String.raw`ya29\.`, String.raw`[\w-]`, [20]),
  form("GOCSPX-", String.raw`[\w-]`, [28, 20]),
  form("(?:gsk|r8)_", letter, [32, 20]),
  form("(?:xai|pplx|fc)-", letter, [32]),
  form("tvly-", letter, [32, 10]),
  form("AGE-SECRET-KEY-1", "[A-Z0-9]", [20]),
  form(String.raw`hooks\.slack\.com/services/T`, String.raw`\w`, [6]),
  form("AccountKey=", "[A-Za-z0-9+/]", [40]),
  form(String.raw`\d{8,10}:AA`, String.raw`[\w-]`, [33]),
];

/** To the end of the run: half a key is still a secret. */
const formsPattern = (countOf: (one: KeyForm) => number): RegExp => {
  const forms = keyForms.map((one) => `${one.begins}${one.letters}{${countOf(one)}}`);
  return new RegExp(String.raw`\b(?:${forms.join("|")})[\w+/=-]*`, "g");
};

const apiKey = formsPattern(({ count }) => count);
/** What may also be half of a key, or none. */
export const keyLike = formsPattern(({ least }) => least);

/** As providers of models give them; names of styles and packages begin so too. */
const modelKey = /(?<![A-Za-z0-9-])sk-(?:ant-|or-|proj-|svcacct-)?([\w-]{20,300})/g;

const bearer =
  /\b(?:(?:proxy-)?authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)|bearer)\s([\w+/.~=-]{16,4000})/gi;

/** `AZURE_OPENAI_KEY=...` and `token: ...`: of no known form, but long and mixed as no word is. */
const namedKey =
  /(?:[A-Z0-9]_KEY|(?:[Ss]ecret|[Aa]ccess|[Aa]uth|[Pp]rivate|[Aa]pi|[Aa]ccount|[Ss]ubscription)[_-]?[Kk]ey|\b[Tt]oken|TOKEN)["']?\s{0,3}[:=]\s{0,3}["']?([\w+-]{16,200})(?![\w(.+-])/g;

/** Letters and digits as they stand in no word and no name. */
const hasMixedRun = (value: string): boolean =>
  value.split(/[_-]/).some((run) => run.length >= 8 && /(?:\d\D*){3}/.test(run) && /[A-Za-z]/.test(run));

export function* apiKeys(text: string): Generator<Span> {
  yield* spansOf(text, apiKey);
  yield* spansOf(text, modelKey, ([, value = ""]) => hasMixedRun(value));
  yield* spansOf(text, bearer, ([, value = ""]) => /\d/.test(value) && !/your[_-]|example/i.test(value));
  yield* spansOf(text, namedKey, ([, value = ""]) => hasMixedRun(value) && !isPlaceholder(value));
}

const jwt = /(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g;

export function* jwts(text: string): Generator<Span> {
  if (text.includes("eyJ")) yield* spansOf(text, jwt);
}
