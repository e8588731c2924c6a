/** Scripts that tell the language by themselves; the first that fits counts, so kana comes before Han. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/\p{Script=Hangul}/u, "ko"],
  [/\p{Script=Han}/u, "zh"],
  [/[іїєґ]/iu, "uk"],
  [/\p{Script=Cyrillic}/u, "ru"],
  [/\p{Script=Arabic}/u, "ar"],
  [/\p{Script=Devanagari}/u, "hi"],
  [/\p{Script=Hebrew}/u, "he"],
  [/\p{Script=Greek}/u, "el"],
  [/\p{Script=Thai}/u, "th"],
];

/** Short words that are frequent in one language and rare in the others. */
const marks: Readonly<Record<string, string>> = {
  en: "the what is are who how when where which does did was were of and for with about you can please my it in to tell me find latest today do a an why weather news price",
  de: "der die das was ist sind wer wie wann wo welche welcher warum und für mit über nicht ein eine ich kannst bitte von im zum heute aktuelle neueste gibt es wetter des dem den hat auf sag mir kostet gerade",
  fr: "le la les est sont qui quel quelle quels quand où comment pourquoi et pour avec du des un une je peux dans au aux est-ce quoi ce il elle cherche moi météo en aujourd'hui",
  es: "el la los las qué es son quién cuál cómo cuándo dónde por y para con del un una puedes hoy está en cuánto cuesta dime noticias sobre más precio clima tiempo",
  it: "il lo gli che è sono chi qual quale come quando dove perché e per con del della un una puoi oggi quanto di dimmi sul nel quali ultime prezzo",
  pt: "o os as que é são quem qual como quando onde por e para com do da um uma você hoje não quanto em dos me são últimas sobre no na preço",
  nl: "de het wat is zijn wie hoe wanneer waar welke waarom en voor met over een ik kun je vandaag van nieuwste hoeveel weer prijs",
  pl: "co jest są kto jak kiedy gdzie który dlaczego i dla z o nie dzisiaj ile w na jaka jaki czy najnowsze pogoda",
  tr: "ne nedir kim nasıl nerede hangi neden ve için ile bir bugün kaç mi mı hava son haberler haberleri fiyatı sonucu modeli sürümü en başkenti neresi kimdir",
  sv: "vad är vem hur när var vilken varför och för med om inte en ett idag det som på senaste väder vädret",
};

const markSets = Object.entries(marks).map(([language, words]) => ({
  language,
  words: new Set(words.split(" ")),
}));

/** Letters that narrow a guess down. */
const hints: readonly (readonly [RegExp, string])[] = [
  [/[ßẞ]|[äöü]/iu, "de"],
  [/[¿¡ñ]/iu, "es"],
  [/[ãõ]/iu, "pt"],
  [/[œêèùç]/iu, "fr"],
  [/[łąęśżźć]/iu, "pl"],
  [/[ğış]/u, "tr"],
  [/å/iu, "sv"],
];

/** What a text may be written in. */
export interface Languages {
  /** The best of them as two letters of ISO 639-1, several when they are alike, none when nothing tells. */
  readonly likely: readonly string[];
  /** Whether it can hardly be another. */
  readonly isSure: boolean;
}

/** Two frequent words of one language are no accident. */
const sureScore = 2;

/** The language of a text as two letters of ISO 639-1; undefined when it could be one or another. */
export function languageOf(text: string): string | undefined {
  const script = scripts.find(([pattern]) => pattern.test(text));
  if (script !== undefined) return script[1];
  const { likely } = writtenIn(text);
  return likely.length === 1 ? likely[0] : undefined;
}

/** The same with its doubts. A sentence that only mentions a word of another script stays in its own language. */
export function languagesOf(text: string): Languages {
  const written = writtenIn(text);
  const script = scripts.find(([pattern]) => pattern.test(text));
  if (script === undefined || written.isSure) return written;
  return { likely: [script[1]], isSure: true };
}

/** What the frequent words tell. */
function writtenIn(text: string): Languages {
  const words = text.toLowerCase().split(/[\s,;:!?¿¡()"«»]+|\.(?=\s|$)/u);
  const scores = markSets.map(({ language, words: known }) => ({
    language,
    score: words.filter((word) => known.has(word)).length + hintOf(text, language),
  }));
  const best = Math.max(...scores.map(({ score }) => score));
  if (best < 1) return { likely: [], isSure: false };
  const likely = scores.filter(({ score }) => score === best).map(({ language }) => language);
  return { likely, isSure: likely.length === 1 && best >= sureScore };
}

const hintOf = (text: string, language: string): number =>
  hints.some(([pattern, hinted]) => hinted === language && pattern.test(text)) ? 0.5 : 0;
