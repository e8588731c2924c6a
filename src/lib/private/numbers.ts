import { type Span, spansOf } from "./spans.ts";

const groupedCard =
  /(?<![\w.-])(?:\d{4}([ ./-]{1,2})\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ ./-]{1,2})\d{6}\2\d{4,5})(?![\w-])/g;
const bareCard = /(?<![\w.-])\d{13,19}(?![\w-])/g;
/** Where there are more long numbers than this and most are no cards, they are ids: every tenth of those looks like one. */
const bareCardsMax = 3;

export function* cardNumbers(text: string): Generator<Span> {
  yield* spansOf(text, groupedCard, ([found]) => isCard(found.replaceAll(/\D/g, "")));
  const bare = [...text.matchAll(bareCard)].filter(
    ({ index }) => !/\bid(?:_str)?["']?\s?[:=]\s?["']?$/i.test(text.slice(Math.max(0, index - 12), index)),
  );
  const cards = bare.filter(([found]) => isCard(found));
  const isListOfIds = cards.length * 2 < bare.length;
  if (isListOfIds && new Set(bare.map(([found]) => found)).size > bareCardsMax) return;
  for (const { 0: found, index } of cards) yield [index, index + found.length];
}

/** Numbers that issuers give, with their lengths. */
const issued =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17})$/;

const isCard = (digits: string): boolean => issued.test(digits) && hasCardSum(digits);

/** The check digit of payment cards (ISO/IEC 7812). */
export function hasCardSum(digits: string): boolean {
  let sum = 0;
  for (let nth = 0; nth < digits.length; nth += 1) {
    const digit = Number(digits[digits.length - 1 - nth]);
    const counted = nth % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}

/** In groups of four with one sign between them, or in one piece. */
const ibanLike =
  /(?<![\w-])[A-Z]{2}\d{2}(?:([ -])[A-Z0-9]{4}(?:\1[A-Z0-9]{4}){1,6}(?:\1[A-Z0-9]{1,3})?|[A-Z0-9]{11,30})(?![\w-])/gi;
/** Letters of an IBAN by its country. Source: the SWIFT registry. */
const ibanLetters = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 " +
    "GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 " +
    "MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

export function* ibans(text: string): Generator<Span> {
  for (const { 0: found, 1: sign, index } of text.matchAll(ibanLike)) {
    const letters = ibanLettersOf(found, sign);
    if (letters > 0) yield [index, index + letters];
  }
}

/** Letters of one that begins a text, with the signs between them; 0 where none does. Behind one in groups words may follow. */
function ibanLettersOf(found: string, sign: string | undefined): number {
  const plain = found.replaceAll(/[ -]/g, "");
  const length = ibanLetters.get(plain.slice(0, 2).toUpperCase());
  if (length === undefined || plain.length < length || (sign === undefined && plain.length > length))
    return 0;
  if (!isIban(plain.slice(0, length))) return 0;
  return length + (sign === undefined ? 0 : Math.ceil(length / 4) - 1);
}

function isIban(own: string): boolean {
  return (own === own.toUpperCase() || own === own.toLowerCase()) && hasIbanSum(own);
}

/** The check digits of account numbers (ISO 13616): the rest modulo 97 is 1. */
export function hasIbanSum(letters: string): boolean {
  const upper = letters.toUpperCase();
  let rest = 0;
  for (const letter of upper.slice(4) + upper.slice(0, 4)) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const ssn = /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])/g;
const saidSsn = /\b(?:ssn|social security)\b[^\d\n]{0,24}\d{3}[ -]?\d{2}[ -]?\d{4}\b/gi;

export function* socialSecurityNumbers(text: string): Generator<Span> {
  yield* spansOf(text, ssn);
  yield* spansOf(text, saidSsn);
}
