/** What was wanted of one prompt, and what was said. */
export interface Scored {
  readonly want: string;
  readonly got: string;
}

/** The harmonic mean of precision and recall of one answer. */
export function f1(pairs: readonly Scored[], answer: string): number {
  let [right, wanted, given] = [0, 0, 0];
  for (const { want, got } of pairs) {
    if (want === answer) wanted += 1;
    if (got === answer) given += 1;
    if (want === answer && got === answer) right += 1;
  }
  return wanted + given === 0 ? 0 : (2 * right) / (wanted + given);
}

/** The mean of all answers' F1. */
export function macroF1(pairs: readonly Scored[], answers: readonly string[]): number {
  return answers.reduce((sum, answer) => sum + f1(pairs, answer), 0) / answers.length;
}

/** Of those that are `want`, the share that was called `got`. */
export function share(pairs: readonly Scored[], want: string, got: string): number {
  const wanted = pairs.filter((pair) => pair.want === want);
  return wanted.length === 0 ? 0 : wanted.filter((pair) => pair.got === got).length / wanted.length;
}

const draws = 200;

/** The 95 % interval of a figure, by drawing its items anew many times. */
export function interval<T>(
  items: readonly T[],
  figure: (drawn: readonly T[]) => number,
  random: () => number,
): readonly [number, number] {
  const found = Array.from({ length: draws }, () =>
    figure(items.flatMap(() => items[Math.floor(random() * items.length)] ?? [])),
  ).toSorted((a, b) => a - b);
  return [found[Math.floor(draws * 0.025)] ?? 0, found[Math.ceil(draws * 0.975) - 1] ?? 0];
}

/** A probability, and whether it came true. */
export interface Rated {
  readonly score: number;
  readonly is: boolean;
}

/** How often a true one is rated above a false one: 0.5 is chance, 1 is perfect. */
export function auc(rated: readonly Rated[]): number {
  const ranks = ranksOf(rated.map(({ score }) => score));
  const trues = rated.filter(({ is }) => is).length;
  let sum = 0;
  for (const [index, { is }] of rated.entries()) if (is) sum += ranks[index] ?? 0;
  return (sum - (trues * (trues + 1)) / 2) / (trues * (rated.length - trues));
}

/** How alike two orders are, from -1 to 1 (Spearman). */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number {
  const [a, b] = [ranksOf(pairs.map(([one]) => one)), ranksOf(pairs.map(([, two]) => two))];
  const mean = (pairs.length + 1) / 2;
  let [both, one, two] = [0, 0, 0];
  for (const [index, rank] of a.entries()) {
    const [left, right] = [rank - mean, (b[index] ?? 0) - mean];
    both += left * right;
    one += left * left;
    two += right * right;
  }
  return both / Math.sqrt(one * two);
}

/** Ranks from 1; equal values share theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  const ranks = values.map(() => 0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && order[to + 1]?.value === order[from]?.value) to += 1;
    for (let at = from; at <= to; at += 1) ranks[order[at]?.index ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

/** How far probabilities are from what happened, over ten bins (expected calibration error). */
export function calibrationError(rated: readonly Rated[]): number {
  const bins = Array.from({ length: 10 }, () => ({ told: 0, was: 0 }));
  for (const { score, is } of rated) {
    const bin = bins[Math.min(9, Math.floor(score * 10))];
    if (bin === undefined) continue;
    bin.told += score;
    bin.was += Number(is);
  }
  return bins.reduce((sum, { told, was }) => sum + Math.abs(told - was), 0) / rated.length;
}
