import { isPlaceholder } from "./placeholder.ts";
import { type Span, spansOf } from "./spans.ts";

/** With something of the key behind it, to its end or that of the text: code names the head alone. */
const privateKey =
  /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----\s{1,8}[\w+/=]{4}(?:[\s\S]{0,20000}?-----END [A-Z0-9 ]{0,40}-----|[\w+/=:,.\s-]*)/g;

export function* privateKeys(text: string): Generator<Span> {
  if (text.includes("PRIVATE KEY")) yield* spansOf(text, privateKey);
}

/** Forms that providers give their keys. Source: their documentation, and GitHub's list of secret scanning patterns. */
const apiKey = new RegExp(
  `(?:${[
    String.raw`\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}`,
    String.raw`\bgh[pousr]_[A-Za-z0-9]{36}`,
    String.raw`\bgithub_pat_\w{22}`,
    String.raw`\bglpat-[\w-]{20}`,
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
    String.raw`\bAIza[\w-]{35}`,
    String.raw`\bxox[abeoprs]-[\w-]{10}`,
    String.raw`\bxapp-\d-[\w-]{10}`,
    String.raw`\bhooks\.slack\.com/services/T\w{6}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}`,
    String.raw`\bpypi-AgE[\w-]{50}`,
    String.raw`\bhf_[A-Za-z0-9]{30}`,
    String.raw`\bSG\.[\w-]{22}\.[\w-]{43}`,
    String.raw`\bdop_v1_[a-f0-9]{64}`,
    String.raw`\bshp(?:at|ca|pa|ss)_[a-f0-9]{32}`,
    String.raw`\bya29\.[\w-]{20}`,
    String.raw`\bGOCSPX-[\w-]{28}`,
    String.raw`\b(?:(?:gsk|r8)_|(?:xai|pplx|tvly|fc)-)[A-Za-z0-9]{32}`,
    String.raw`\bAccountKey=[A-Za-z0-9+/]{40}`,
    String.raw`\b\d{8,10}:AA[\w-]{33}`,
    String.raw`\bAGE-SECRET-KEY-1[A-Z0-9]{20}`,
  ].join("|")})[\\w+/=-]*`,
  "g",
);
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
