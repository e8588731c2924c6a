import { classesOf, hashOf, noClasses, phraseAt, wordSetOf } from "./lexicon.ts";
import { shapeNames } from "./shape.ts";
import { type Tokens, traits } from "./scan.ts";
import { classNames } from "./words.ts";

/** Where in the dense features the classes are, and those that begin what is asked. */
const classesAt = shapeNames.length;
export const beginsAt = classesAt + classNames.length;

/** Small words that are themselves in patterns. */
const small = wordSetOf(
  "a an the of in on at to for from with by and or but is are was were be been do does did can could will would should has have had " +
    "who whose which what when where why how that this it its there i my me we our you your he she they not no if than as about into out up " +
    "any some all each one two three ? % $ € £",
);

/** The kind of a word that is of no class. */
export const otherKind = 0;
/** Kinds of classes are apart from the hashes of words. */
const classKinds = classNames.map((name) => hashOf(name) ^ 0x5bd1e995);
const kindNames = new Map(classKinds.map((kind, one) => [kind, `<${classNames[one]}>`]));

/** What a kind is called in an explanation; undefined for a word that is its own kind. */
export const nameOfKind = (kind: number): string | undefined =>
  kind === otherKind ? "_" : kindNames.get(kind);

export interface Picked {
  readonly tokens: Tokens;
  /** The words that are looked at. */
  readonly words: Uint16Array;
  /** The hashes of those, which become their kinds. */
  readonly kinds: Int32Array;
}

/** Puts in place of each word its kind: a small word and a number are themselves. Counts the classes on the way. */
export function setKinds({ tokens, words, kinds }: Picked, dense: Float32Array): void {
  for (let nth = 0; nth < words.length; nth += 1) {
    const word = words[nth] ?? 0;
    const own = classesOf(tokens, word);
    const long = phraseAt(tokens, word);
    if (own !== noClasses) count(own, nth, dense);
    if (long !== noClasses) count(long, nth, dense);
    if (long !== noClasses) kinds[nth] = kindOfFirst(long);
    else if (!isItself(tokens, word, kinds[nth] ?? 0)) kinds[nth] = kindOfFirst(own);
  }
  dampen(dense);
}

const kindOfFirst = (found: readonly number[]): number =>
  found === noClasses ? otherKind : (classKinds[found[0] ?? 0] ?? otherKind);

const isItself = ({ traits: all }: Tokens, word: number, hash: number): boolean =>
  small.has(hash) || ((all[word] ?? 0) & traits.number) !== 0;

function count(found: readonly number[], nth: number, dense: Float32Array): void {
  for (const one of found) {
    dense[classesAt + one] = (dense[classesAt + one] ?? 0) + 1;
    if (nth < 3) dense[beginsAt + one] = 1;
  }
}

/** The first word of a class says the most. */
function dampen(dense: Float32Array): void {
  for (let at = classesAt; at < beginsAt; at += 1) {
    const times = dense[at] ?? 0;
    if (times > 0) dense[at] = 1.2 - 0.7 ** (times - 1) * 0.6;
  }
}
