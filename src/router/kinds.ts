import { shapeNames } from "./shape.ts";
import { classIndex, classNames, stemLetters } from "./words.ts";

const classes = classIndex();
/** Where in the dense features the classes are, and those that begin what is asked. */
const classesAt = shapeNames.length;
export const beginsAt = classesAt + classNames.length;

/** Small words that are themselves in patterns. */
const small = new Set(
  (
    "a an the of in on at to for from with by and or but is are was were be been do does did can could will would should has have had " +
    "who whose which what when where why how that this it its there i my me we our you your he she they not no if than as about into out up " +
    "any some all each one two three ? % $ € £ ^ $"
  ).split(" "),
);

const classKinds = classNames.map((name) => `<${name}>`);

/** What kind of word each word is: a small word itself, a class, or a number or another. Counts the classes on the way. */
export function kindsOf(words: readonly string[], dense: Float32Array): string[] {
  const counts = new Float32Array(classNames.length);
  const kinds = words.map((word, index) => {
    const own = classesOf(word);
    const long = phraseClasses(words, index);
    count(own, counts);
    count(long, counts);
    if (index < 3) begin(own, long, dense);
    const [first = -1] = long;
    return classKinds[first] ?? kindOf(word, own);
  });
  for (let one = 0; one < counts.length; one += 1) {
    const times = counts[one] ?? 0;
    if (times > 0) dense[classesAt + one] = 1.2 - 0.7 ** (times - 1) * 0.6;
  }
  return kinds;
}

function kindOf(word: string, own: readonly number[]): string {
  if (small.has(word)) return word;
  const [first = -1] = own;
  const letter = word.charCodeAt(0);
  return classKinds[first] ?? ((letter >= 48 && letter <= 57) || letter === 60 ? word : "_");
}

function count(found: readonly number[], counts: Float32Array): void {
  for (const one of found) counts[one] = (counts[one] ?? 0) + 1;
}

function begin(own: readonly number[], long: readonly number[], dense: Float32Array): void {
  for (const one of own) dense[beginsAt + one] = 1;
  for (const one of long) dense[beginsAt + one] = 1;
}

const none: readonly number[] = [];

/** The classes of one word. */
export function classesOf(word: string): readonly number[] {
  const known = classes.whole.get(word);
  if (known !== undefined) return known;
  if (!classes.stemHeads.has(word.slice(0, stemLetters))) return none;
  for (let letters = word.length; letters >= stemLetters; letters -= 1) {
    const found = classes.stems.get(word.slice(0, letters));
    if (found !== undefined) return found;
  }
  return none;
}

function phraseClasses(words: readonly string[], index: number): readonly number[] {
  const word = words[index] ?? "";
  if (!classes.phraseHeads.has(word)) return none;
  const two = `${word} ${words[index + 1] ?? ""}`;
  return classes.whole.get(`${two} ${words[index + 2] ?? ""}`) ?? classes.whole.get(two) ?? none;
}
