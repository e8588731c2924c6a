import { classIndex, classNames } from "./words.ts";

const index = classIndex();
const asking = new Set(
  ["lightTask", "midTask", "build", "change", "design", "prove", "judge", "define", "why"].map((name) =>
    classNames.indexOf(name),
  ),
);
const wish =
  /\b(?:tell me|i(?:'d| would) (?:like|want|need)|i (?:only |just )?(?:want|need)|can you|could you|give me|let me know|help me|should (?:i|we)|the question)\b/i;
const asksMax = 3;

/** The sentences that ask for something: with a question mark, with a verb of asking first, or with a wish. */
export function asksOf(text: string): string[] {
  const sentences = text.split(/(?<=[.!?。！？:])\s+|(?<=[。！？])|\n+/).filter((part) => part.trim() !== "");
  if (sentences.length === 1) return sentences;
  const found = sentences.filter((part) => /[?？؟]/.test(part) || beginsAsking(part) || wish.test(part));
  return found.length === 0
    ? sentences.slice(0, 1)
    : [...found.slice(0, 1), ...found.slice(1).slice(-(asksMax - 1))];
}

function beginsAsking(part: string): boolean {
  const words = part
    .trimStart()
    .slice(0, 60)
    .toLowerCase()
    .split(/[\s,:;]+/, 3);
  return words.slice(0, 2).some((word) => (index.whole.get(word) ?? []).some((one) => asking.has(one)));
}
