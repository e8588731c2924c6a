/** Scripts of the languages that are not written in Latin letters. */
const scripts: Readonly<Record<string, RegExp>> = {
  ru: /\p{Script=Cyrillic}/gu,
  ar: /\p{Script=Arabic}/gu,
  hi: /\p{Script=Devanagari}/gu,
  he: /\p{Script=Hebrew}/gu,
  th: /\p{Script=Thai}/gu,
  el: /\p{Script=Greek}/gu,
  ko: /\p{Script=Hangul}/gu,
  zh: /\p{Script=Han}/gu,
  // A short Japanese answer may be in Chinese characters alone.
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/gu,
};

const latin = /\p{Script=Latin}/gu;
const letters = /\p{L}/gu;

/** Who asks for a translation, or for words of another language, wants another script. */
const otherLanguage =
  /translat|transliterat|transcri|überset|traduc|tradui|traduz|traduz|vertaal|przetłum|çevir|перев[оеё]д|翻译|翻譯|译成|翻訳|訳し|번역|ترجم|अनुवाद|תרגמ|μετάφρα|แปล|\b(?:chinese|japanese|korean|russian|arabic|hebrew|hindi|thai|greek|cyrillic|kanji|hiragana|mandarin|english|chinesisch|japanisch|russisch|griechisch|chino|japonés|ruso|griego|chinois|japonais|russe|grec)|英[语語文]|[in]английск/i;

const lettersMin = 40;
const lookedAt = 2_000;

export interface Expected {
  readonly language: string;
  readonly asked?: string | undefined;
}

/** Whether an answer is written in other letters than its question's language, as small models do when they drift. */
export function isInWrongScript(text: string, { language, asked }: Expected): boolean {
  if (language === "und" || (asked !== undefined && otherLanguage.test(asked))) return false;
  // Code is in Latin letters everywhere.
  const prose = text.slice(0, lookedAt).replaceAll(/```[\s\S]*?(?:```|$)/g, " ");
  const own = scripts[language];
  const all = countOf(prose, letters);
  // Names and terms of other languages stay in Latin letters, so of another script a tenth is enough.
  return all >= lettersMin && countOf(prose, own ?? latin) < all * (own === undefined ? 0.5 : 0.1);
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
