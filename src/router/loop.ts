const periodMax = 240;
const windowLetters = 1_200;
/** This often, and over this many letters, nobody says the same on purpose. */
const timesMin = 4;
const lettersMin = 160;

/** Whether a text says the same again and again: at its end, in its lines, or in its words. */
export function isLooping(text: string): boolean {
  return text.length >= lettersMin && (endsInLoop(text) || repeatsLines(text) || repeatsWords(text));
}

/** For each period, how far back the end of the text is the same one period before. */
function endsInLoop(text: string): boolean {
  const end = text.trimEnd().slice(-windowLetters);
  for (let period = 1; period <= periodMax; period += 1) {
    let at = end.length - 1;
    while (at >= period && end[at] === end[at - period]) at -= 1;
    const same = end.length - 1 - at + (at >= 0 ? period : 0);
    // Rulers and tables repeat too, but have no letters in them.
    if (same >= Math.max(lettersMin, period * timesMin) && /\p{L}/u.test(end.slice(-period))) return true;
  }
  return false;
}

const lineLettersMin = 20;
const sameLinesMin = 5;

function repeatsLines(text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim().replace(/^\d+[.)]\s*/, ""));
  const counts = new Map<string, number>();
  for (const line of lines)
    if (line.length >= lineLettersMin && /\p{L}/u.test(line)) counts.set(line, (counts.get(line) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return most >= sameLinesMin && most * 2 > lines.filter((line) => line !== "").length;
}

const runWords = 6;
const wordsMin = 80;
const distinctMin = 0.3;

/** Few different runs of words among many. */
function repeatsWords(text: string): boolean {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  if (words.length < wordsMin) return false;
  const runs = new Set<string>();
  const count = words.length - runWords + 1;
  for (let at = 0; at < count; at += 1) runs.add(words.slice(at, at + runWords).join(" "));
  return runs.size < count * distinctMin;
}
