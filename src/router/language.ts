import { hashesOf } from "./lexicon.ts";
import type { Tokens } from "./scan.ts";

/** Words that are common in one language and rare in others; two-letter codes. */
const common: Readonly<Record<string, string>> = {
  en: "the of and to is in what how my for with this that are can you on it be do does i was were did has have who when which there an at from by or as if a me not why where",
  es: "el la los las que de en y es un una por para con como cómo qué cuál mi del se al más está cuánto",
  de: "der die das und ist ein eine nicht ich zu mit auf wie was für den im von wir kann mir dem wer warum",
  fr: "le la les des et est un une que qui pour dans avec je pas comment quel quelle sur du ce mon au aux cette ces il elle ne se son sa leur moi de en y a où mes ton",
  pt: "o os as que de em um uma para com não como qual meu minha por do da no na é está são você e se no a meus uns isso mais",
  it: "il lo gli che di è un una per con come non mi del della sono quale cosa qual perché questo nel la le i in a ho si dei mia nella sul ma se",
  nl: "de het een en van is niet ik dat in op met voor hoe wat mijn je zijn te er wie waarom kun",
  pl: "i w na z jest nie to jak co się do czy dla mi o jaki jaka które moje po za od",
  sv: "det att och är som en på för med inte jag hur vad till av kan vi den varför ska eller ett",
  id: "yang dan di itu ini apa tidak dengan untuk saya bagaimana dari bisa ada ke adalah kenapa berapa buat tolong",
  tr: "ve bir bu ne nasıl için mi ile de da mı çok var kim hangi neden olan benim gibi",
};

/** Letters with accents, by the languages that have them; having one counts as one more word. */
const marked: Readonly<Record<string, RegExp>> = {
  es: /[áéíñóú¿¡]/i,
  de: /[äöüß]/i,
  fr: /[àâçèéêëîïôœùû]/i,
  pt: /[áâãçéêíóõú]/i,
  it: /[àèìòù]/i,
  pl: /[ąćęłńóśźż]/i,
  sv: /[åäö]/i,
  tr: /[çğıİöşü]/,
};

const none: readonly number[] = [];
const codes = Object.keys(common);
const english = codes.indexOf("en");
/** For each word, the languages that it is common in. */
const index = new Map<number, number[]>();
for (const [language, words] of Object.values(common).entries())
  for (const hash of hashesOf(words)) index.set(hash, [...(index.get(hash) ?? []), language]);

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

/** Letters and words that are looked at. */
const lettersMax = 400;
const wordsMax = 40;

/** The language of a text by its script and its commonest words; `und` when they do not tell. */
export function languageOf(tokens: Tokens): string {
  const part = tokens.text.slice(0, lettersMax);
  return byScript(part) ?? byWords(tokens, part) ?? (tokens.count > 0 && ascii.test(part) ? "en" : "und");
}

/** Letters with two accents, which no other language in Latin letters has. */
const vietnamese = /[ạ-ỹ]/gi;
/** Letters that Russian does not have. */
const ukrainian = /[іїєґ]/i;
const ascii = /^[\x20-\x7e\s]*$/;
/** Letters of any script that is told apart. */
const otherScript = /[\u0370-\u1fff\u2e80-\uffff]/;

function byScript(part: string): string | undefined {
  if (!otherScript.test(part)) return undefined;
  if ((part.match(vietnamese)?.length ?? 0) * 16 > part.length) return "vi";
  const found = scripts.find(([, script]) => (part.match(script)?.length ?? 0) * 6 > part.length);
  return found?.[0] === "ru" && ukrainian.test(part) ? "uk" : found?.[0];
}

function byWords({ count, hash }: Tokens, part: string): string | undefined {
  const votes = codes.map(() => 0);
  for (let at = 0; at < Math.min(count, wordsMax); at += 1)
    for (const language of index.get(hash[at] ?? 0) ?? none) votes[language] = (votes[language] ?? 0) + 1;
  return foremost(
    ascii.test(part) ? votes : votes.map((vote, language) => vote + accentVote(vote, language, part)),
  );
}

/** Languages that are not told apart here have accents too, so that an accent counts beside a word only. */
const accentVote = (vote: number, language: number, part: string): number =>
  vote > 0 && marked[codes[language] ?? ""]?.test(part) === true ? 1 : 0;

/** English words are in every language's technical talk: another language needs no more votes than they have, but two. */
function foremost(votes: readonly number[]): string | undefined {
  let most = 0;
  let best = english;
  for (let language = 0; language < votes.length; language += 1) {
    const vote = votes[language] ?? 0;
    if (vote > most || (vote === most && best === english && vote > 1)) {
      most = vote;
      best = language;
    }
  }
  return most === 0 ? undefined : codes[best];
}
