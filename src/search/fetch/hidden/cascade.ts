import type { Declared, Effect } from "./declarations.ts";
import { selectorOf, selectorTexts, type Marked, type Selector } from "./selectors.ts";
import type { Rule } from "./sheet.ts";
import type { Won } from "./sight.ts";

/** The rules of a page's sheets, and which of them win (CSS Cascade 6). */
export interface Cascade {
  /** Learns those of one sheet; a later sheet is stronger. */
  learn(rules: Iterable<Rule>): void;
  /** Told every element before the first question, as some rules hold only beside others. */
  meet(marked: Marked): void;
  /** What wins for an element; undefined when there are more rules than can be told apart. */
  winnersOf(marked: Marked, own: Own): ReadonlyMap<string, Won> | undefined;
  /** True when a rule would show the element if a script or a reader changed something. */
  isAwaited(property: string, marked: Marked): boolean;
}

/** What an element's own attribute declares. */
export interface Own {
  readonly declared: ReadonlyMap<string, Declared>;
  readonly source: string;
  /** Rules that are not believed. */
  readonly doubted: ReadonlySet<string>;
}

interface Ordered extends Declared {
  readonly order: number;
}

interface Known {
  readonly text: string;
  readonly selector: Selector;
  readonly declared: Map<string, Ordered>;
}

/**
 * No page for readers has more rules that hide something; what does is hidden as a whole, as nobody can say what is seen
 * of it. Of those that only show something, no more are kept.
 */
const rulesMax = 20_000;
/** How many selectors may be compared with elements, for the same reason. */
const comparisonsMax = 2_000_000;

const hidingEffects = new Set(["hides", "small", "cut", "clear"]);

export function createCascade(): Cascade {
  const known = new Map<string, Known>();
  const counts = { hiding: 0, showing: 0 };
  const present = new Set<string>();
  let index: Index | undefined;
  let orders = 0;

  const entryOf = (text: string, effects: readonly Effect[]): Known | undefined => {
    const old = known.get(text);
    if (old !== undefined) return old;
    const selector = selectorOf(text);
    if (selector === undefined) return undefined;
    const kind =
      selector.isSimple && effects.some((effect) => hidingEffects.has(effect)) ? "hiding" : "showing";
    counts[kind] += 1;
    const entry = { text, selector, declared: new Map<string, Ordered>() };
    if (counts[kind] <= rulesMax) known.set(text, entry);
    return entry;
  };
  const keep = (text: string, rule: Rule, effects: readonly Effect[]): void => {
    if (counts.hiding > rulesMax) return;
    const entry = entryOf(text, effects);
    if (entry === undefined) return;
    for (const [property, { effect, isImportant }] of rule.declared) {
      if (!isBelieved(effect, entry.selector, rule)) continue;
      const next = { effect, isImportant, order: rule.order };
      const old = entry.declared.get(property);
      if (old === undefined || isStronger(next, old)) entry.declared.set(property, next);
    }
  };
  return {
    learn(rules) {
      const begin = orders;
      for (const rule of rules) {
        const order = begin + rule.order;
        orders = Math.max(orders, order);
        const effects = [...rule.declared.values()].map(({ effect }) => effect);
        for (const text of selectorTexts(rule.selectors)) keep(text.trim(), { ...rule, order }, effects);
      }
    },
    meet({ name, marks }) {
      present.add(name);
      for (const mark of marks) present.add(mark);
    },
    winnersOf(marked, own) {
      index ??= createIndex([...known.values()], present);
      if (counts.hiding > rulesMax || index.comparisons > comparisonsMax) return undefined;
      return winners(index.matching(marked), own);
    },
    isAwaited: (property, marked) => index?.isAwaited(property, marked) === true,
  };
}

/** A rule hides only where it surely holds; it shows wherever it may. */
function isBelieved(effect: Effect, selector: Selector, { isCertain }: Rule): boolean {
  if (hidingEffects.has(effect) || effect === "floats") return isCertain && selector.isSimple;
  return true;
}

const isStronger = (next: Ordered, old: Ordered): boolean =>
  next.isImportant === old.isImportant ? next.order >= old.order : next.isImportant;

function winners(matching: readonly Known[], own: Own): ReadonlyMap<string, Won> {
  const won = new Map<string, Won & { readonly rank: readonly number[] }>();
  const offer = (property: string, next: Won, rank: readonly number[]): void => {
    const old = won.get(property);
    if (old === undefined || compare(rank, old.rank) >= 0) won.set(property, { ...next, rank });
  };
  for (const { text, selector, declared } of matching) {
    if (own.doubted.has(text)) continue;
    for (const [property, { effect, isImportant, order }] of declared) {
      const rank = [Number(isImportant), 0, selector.specificity, order];
      offer(property, { effect, isImportant, source: text }, rank);
    }
  }
  for (const [property, declared] of own.declared)
    offer(property, { ...declared, source: own.source }, [Number(declared.isImportant), 1, 0, 0]);
  return won;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [at, number] of one.entries()) {
    const difference = number - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

interface Index {
  readonly comparisons: number;
  matching(marked: Marked): readonly Known[];
  isAwaited(property: string, marked: Marked): boolean;
}

function createIndex(all: readonly Known[], present: ReadonlySet<string>): Index {
  const byKey = rulesByKey(all, present);
  const awaited = new Set(all.flatMap(awaitedBy));
  let comparisons = 0;

  const isSelected = ({ selector, declared }: Known, { name, marks }: Marked): boolean => {
    comparisons += 1;
    if (selector.name !== undefined && selector.name !== name) return false;
    const isMatch = selector.marks.every((mark) => {
      comparisons += 1;
      return marks.has(mark);
    });
    if (isMatch) comparisons += declared.size;
    return isMatch;
  };
  return {
    get comparisons() {
      return comparisons;
    },
    matching: (marked) =>
      [marked.name, ...marked.marks].flatMap(
        (key) => byKey.get(key)?.filter((entry) => isSelected(entry, marked)) ?? [],
      ),
    isAwaited: (property, { marks }) => [...marks].some((mark) => awaited.has(`${property} ${mark}`)),
  };
}

/** The rules that may hold in a page, by their last mark, or by their name where they have none. */
function rulesByKey(
  all: readonly Known[],
  present: ReadonlySet<string>,
): ReadonlyMap<string, readonly Known[]> {
  const byKey = new Map<string, Known[]>();
  for (const entry of all) {
    const { name, marks, others } = entry.selector;
    const key = marks.at(-1) ?? name;
    if (key === undefined || !others.every((other) => present.has(other))) continue;
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [entry]);
    else same.push(entry);
  }
  return byKey;
}

/** Properties with the marks of elements that a rule with a condition shows by them. */
function awaitedBy({ selector: { isSimple, marks }, declared }: Known): readonly string[] {
  if (isSimple && marks.length < 2) return [];
  const shown = [...declared].filter(([, { effect }]) => effect === "shows");
  return shown.flatMap(([property]) => marks.map((mark) => `${property} ${mark}`));
}
