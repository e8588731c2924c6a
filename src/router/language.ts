/** Words that are common in one language and rare in others; two-letter codes. */
const common: Readonly<Record<string, string>> = {
  en: "the of and to is in what how my for with this that are can you on it be do does i",
  es: "el la los las que de en y es un una por para con como cómo qué cuál mi del se al más está cuánto",
  de: "der die das und ist ein eine nicht ich zu mit auf wie was für den im von wir kann mir dem wer warum",
  fr: "le la les des et est un une que qui pour dans avec je pas comment quel quelle sur du ce mon au est-ce",
  pt: "o os as que de em um uma para com não como qual meu minha por do da no na é está são você",
  it: "il lo gli che di è un una per con come non mi del della sono quale cosa qual perché questo nel",
  nl: "de het een en van is niet ik dat in op met voor hoe wat mijn je zijn te er wie waarom kun",
  pl: "i w na z jest nie to jak co się do czy dla mi o jaki jaka które moje po za od",
  tr: "ve bir bu ne nasıl için mi ile de da mı çok var kim hangi neden olan benim gibi",
};

const index = new Map<string, string[]>();
for (const [language, words] of Object.entries(common))
  for (const word of words.split(" ")) index.set(word, [...(index.get(word) ?? []), language]);

const scripts: readonly (readonly [language: string, script: RegExp])[] = [
  ["ja", /[\u3040-\u30ff]/g],
  ["ko", /[\uac00-\ud7af]/g],
  ["zh", /[\u4e00-\u9fff]/g],
  ["ru", /[\u0400-\u04ff]/g],
  ["ar", /[\u0600-\u06ff]/g],
  ["hi", /[\u0900-\u097f]/g],
  ["he", /[\u0590-\u05ff]/g],
  ["th", /[\u0e00-\u0e7f]/g],
  ["el", /[\u0370-\u03ff]/g],
];

const lookedAt = 1_000;

/** The language of a text by its script and its commonest words; `und` when they do not tell. */
export function languageOf(text: string): string {
  const part = text.slice(0, lookedAt);
  return (
    byScript(part) ?? byWords(part) ?? (/^[\x20-\x7e\s]*$/.test(part) && part.trim() !== "" ? "en" : "und")
  );
}

function byScript(part: string): string | undefined {
  const found = scripts.find(([, script]) => (part.match(script)?.length ?? 0) * 6 > part.length);
  return found?.[0];
}

function byWords(part: string): string | undefined {
  const votes = new Map<string, number>();
  for (const word of part.toLowerCase().match(/[\p{L}'-]+/gu) ?? [])
    for (const language of index.get(word) ?? []) votes.set(language, (votes.get(language) ?? 0) + 1);
  return foremost([...votes].toSorted(([, a], [, b]) => b - a));
}

/** English words are in every language's technical talk: another language needs no more votes than they have. */
function foremost([best, second]: readonly (readonly [language: string, votes: number])[]):
  | string
  | undefined {
  return best?.[0] === "en" && second?.[1] === best[1] ? second[0] : best?.[0];
}
