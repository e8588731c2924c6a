/** How fast a word that repeats stops to count. */
const k1 = 1.2;
/** How much long texts are held against. */
const b = 0.75;

/** Marks that many leave out: accents, and the vowels of Arabic and Hebrew. Those of Indic scripts are letters of the word. */
const accents = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;

/** More words of a text are not counted. */
const wordsMax = 20_000;

/** A letter of a script that is written without spaces. */
export const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The words of a text as they are compared: lower-case, without accents; scripts without spaces in pairs of letters.
 */
export function wordsIn(text: string): string[] {
  const plain = text.normalize("NFKD").replace(accents, "").toLowerCase();
  const runs = plain.match(/[\p{L}\p{M}\p{N}]+/gu)?.slice(0, wordsMax) ?? [];
  return runs.flatMap((run) => (unspaced.test(run) ? pairsIn(run) : [run]));
}

function pairsIn(run: string): string[] {
  const letters = Array.from(run);
  if (letters.length === 1) return letters;
  return letters.slice(1).map((letter, at) => `${letters[at] ?? ""}${letter}`);
}

/**
 * How well each text answers the question, by BM25 (Robertson and Zaragoza, 2009): 0 for a text that shares no word with
 * it. How rare a word is, is counted among the texts themselves.
 */
export function bm25(question: string, texts: readonly string[]): number[] {
  const asked = new Set(wordsIn(question));
  const documents = texts.map((text) => countsOf(wordsIn(text)));
  const words = documents.reduce((sum, { length }) => sum + length, 0);
  const meanLength = words === 0 ? 1 : words / documents.length;
  const rarity = new Map([...asked].map((word) => [word, rarityOf(word, documents)]));
  return documents.map(({ counts, length }) => {
    let score = 0;
    for (const [word, weight] of rarity) {
      const count = counts.get(word) ?? 0;
      score += (weight * count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / meanLength));
    }
    return score;
  });
}

interface Counted {
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

function countsOf(words: readonly string[]): Counted {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return { counts, length: words.length };
}

/** The form with 1 inside the logarithm, which is never negative. */
function rarityOf(word: string, documents: readonly Counted[]): number {
  const holders = documents.filter(({ counts }) => counts.has(word)).length;
  return Math.log(1 + (documents.length - holders + 0.5) / (holders + 0.5));
}
