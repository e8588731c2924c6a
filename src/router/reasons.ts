import { denseNames, type Features } from "./features.ts";
import type { Asked } from "./isolate.ts";
import { rows, type Weights } from "./weights.ts";

export interface ReasonParts {
  readonly asked: Asked;
  readonly features: Features;
  readonly weights: Weights;
  /** Whatever a search makes of it. */
  readonly complexity: "low" | "medium" | "high";
  readonly needsSearch: boolean;
}

const reasonsMax = 3;

/** What a dense feature is called when it speaks for an answer. */
const said: Readonly<Record<string, string>> = {
  words: "its length",
  letters: "its length",
  "words of the ask": "its length",
  "words a sentence": "long sentences",
  "over 40 words": "its length",
  "over 70 words": "its length",
  "over 120 words": "its length",
  "under 4 words": "its shortness",
  "under 7 words": "its shortness",
  "under 11 words": "its shortness",
  "past year": "a year long past",
  "this year or next": "a year of now",
  "future year": "a year to come",
  "version number": "a version number",
  "sum of money": "a sum of money",
  "maths signs": "formulas",
  "code signs": "signs of code",
  "code shown": "code is shown",
  "trace shown": "an error is shown",
  "material shown": "material is shown",
  "rows of data": "rows of data",
  "quoted part": "a quoted part",
  "asks who or which": "asks who or which",
  "asks how much": "asks how much",
  "asks when or where": "asks when or where",
  now: "words about now",
  changing: "words of change",
  market: "a market",
  weather: "the weather",
  sport: "sport",
  news: "the news",
  media: "films, shows or music",
  travel: "travel or opening hours",
  shop: "prices",
  version: "software versions",
  rules: "rules that change",
  office: "who holds an office",
  standing: "how someone or something stands",
  past: "the past",
  ownThing: "the user's own things",
  define: "a definition",
  lightTask: "a light task on a text",
  midTask: "an explanation or a plan",
  build: "something is to be built",
  change: "something is to be rebuilt",
  design: "a design question",
  prove: "a proof",
  judge: "a judgement",
  brief: "a short answer is asked for",
  depth: "depth is asked for",
  constraint: "constraints",
  why: "asks why",
  "asks why": "asks why",
  opinion: "asks for advice",
  quantity: "counting or comparing",
  structure: "a structure is asked for",
  given: "a given text",
  action: "an action is asked for",
  hardMaths: "mathematics",
  easyMaths: "sums and units",
  science: "a scientific matter",
  philosophy: "a question of right and wrong",
  legal: "a legal matter",
  medical: "a medical matter",
  money: "a financial matter",
  people: "a matter between people",
  systems: "deep systems programming",
  scale: "a large scale",
  structureOfSystems: "how systems are built",
  databases: "databases",
  codeLanguage: "a programming language",
  framework: "a framework",
  devTool: "developers' tools",
  codeNoun: "words of programming",
  fault: "words of a fault",
  symptom: "a fault is to be found",
  documents: "documentation",
  creative: "a creative task",
  household: "everyday life",
  language: "a question of language",
  messages: "a letter or message",
  place: "a place",
  maker: "a product",
};

interface Saying {
  readonly index: number;
  readonly saying: string;
}

/** How long a question is has something to do with how fresh its answer must be, but is no reason. */
const lengths = new Set(["its length", "its shortness", "long sentences"]);

const sayings = denseNames.flatMap((name, index): Saying[] => {
  const saying = said[name.replace("begins: ", "")];
  return saying === undefined ? [] : [{ index, saying }];
});

const freshSayings = sayings.filter(({ saying }) => !lengths.has(saying));

/** Why the answer is what it is: what spoke loudest for it, in words. */
export function reasonsOf({ asked, features, weights, complexity, needsSearch }: ReasonParts): string[] {
  if (asked.isHousekeeping) return ["a program asks about the conversation"];
  if (asked.text === "") return ["nothing is asked"];
  const reasons = needsSearch
    ? [`needs fresh facts: ${loudest("search", "fresh", { features, weights }).join(", ")}`]
    : [];
  const answer = complexity === "high" ? "high" : "more than low";
  const spoke = loudest("complexity", answer, { features, weights, isAgainst: complexity === "low" });
  const own = needsSearch && complexity === "low" ? "low by itself" : complexity;
  reasons.push(`${own}: ${spoke.join(", ")}`);
  return reasons;
}

interface Loud {
  readonly features: Features;
  readonly weights: Weights;
  readonly isAgainst?: boolean;
}

function loudest(head: string, answer: string, { features, weights, isAgainst = false }: Loud): string[] {
  const row = rows.findIndex((one) => one.head === head && one.answer === answer);
  const sign = isAgainst ? -1 : 1;
  const found: { readonly saying: string; readonly weight: number }[] = [];
  for (const { index, saying } of head === "search" ? freshSayings : sayings) {
    const value = features.dense[index] ?? 0;
    if (value === 0) continue;
    const weight = sign * value * (weights.dense[index * rows.length + row] ?? 0);
    if (weight > 0.05) found.push({ saying, weight });
  }
  const loud = found.toSorted((a, b) => b.weight - a.weight).map(({ saying }) => saying);
  const words = [...new Set(loud)].slice(0, reasonsMax);
  return words.length === 0 ? ["the wording"] : words;
}
