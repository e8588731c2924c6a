import { createRandom } from "../support/random.ts";

/** Ways in which the same request is written; none changes what is asked. */
export const noises: Readonly<Record<string, (text: string, random: () => number) => string>> = {
  lowered: (text) => text.toLowerCase(),
  shouted: (text) => text.toUpperCase(),
  spaced: (text) => `  ${text.replaceAll(" ", "  ")}\n`,
  polite: (text, random) =>
    random() < 0.5
      ? `Hi! Could you please help me with this? ${text} Thanks a lot!`
      : `please ${text}, thank you`,
  mistyped: (text, random) =>
    text
      .split(" ")
      .map((word) => (word.length < 4 || random() > 0.12 ? word : mistyped(word, random)))
      .join(" "),
  unmarked: (text) => text.replace(/[?.!]+$/, ""),
};

/** Two letters swapped, one lost or one doubled. */
function mistyped(word: string, random: () => number): string {
  const at = 1 + Math.floor(random() * (word.length - 2));
  const kind = random();
  const [head, one, two, tail] = [word.slice(0, at), word[at] ?? "", word[at + 1] ?? "", word.slice(at + 2)];
  if (kind < 0.4) return head + two + one + tail;
  return kind < 0.7 ? head + two + tail : head + one + one + two + tail;
}

const mixed = ["lowered", "polite", "unmarked", "shouted", "mistyped"] as const;

/** A text with typing errors and one more of these ways, the same for the same seed. */
export function variantOf(text: string, seed: number): string {
  const random = createRandom(seed);
  const name = mixed[Math.floor(random() * mixed.length)] ?? "lowered";
  const typed = noises["mistyped"]?.(text, random) ?? text;
  return noises[name]?.(typed, random) ?? typed;
}
