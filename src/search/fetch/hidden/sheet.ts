import { plainCss } from "./css.ts";
import { declarationsOf, type Declared } from "./declarations.ts";
import { isShownOnScreens, maybeShownOnScreens } from "./media.ts";

/** Deeper groups are passed over: no sheet that was written for readers has them. */
const depthMax = 32;

/** A rule of a sheet that says something of how text is seen. */
export interface Rule {
  /** What stands before its brace. */
  readonly selectors: string;
  readonly declared: ReadonlyMap<string, Declared>;
  /** Among all rules of the sheet, by where they begin. */
  readonly order: number;
  /** True when it holds on every screen; another holds on some. */
  readonly isCertain: boolean;
}

interface Block {
  /** What stands before its brace; in a rule that is nested in a rule, before the outer one's. */
  readonly head: string;
  /** Groups hold rules that apply; what is in other blocks than these two means nothing here. */
  readonly kind: "group" | "rule" | "other";
  readonly isCertain: boolean;
  readonly order: number;
  /** The declarations of a rule, without what is nested in it. */
  readonly declarations: string[];
  /** How many blocks are open in one that means nothing. */
  nested: number;
}

/**
 * The rules of a style sheet for who reads on a screen. What a browser does with a sheet that is cut short is done here
 * too: its open blocks are closed.
 */
export function* rulesOf(css: string): Generator<Rule, void, undefined> {
  const blocks: Block[] = [];
  let order = 0;
  for (const [, text = "", sign = ""] of plainCss(css).matchAll(/([^{};]*)([{};]|$)/g)) {
    blocks.at(-1)?.declarations.push(text);
    if (sign === "{") open(blocks, text, (order += 1));
    else if (sign === "}") yield* ruleOf(close(blocks));
  }
  for (const block of blocks) yield* ruleOf(block);
}

function open(blocks: Block[], text: string, order: number): void {
  const parent = blocks.at(-1);
  if (parent?.kind === "other") {
    parent.nested += 1;
    return;
  }
  parent?.declarations.pop();
  const head = text.replace(/<!--|-->|<!\[cdata\[|\]\]>/g, "").trim();
  blocks.push({ ...blockOf(head, blocks), order, declarations: [], nested: 0 });
}

function blockOf(head: string, blocks: readonly Block[]): Pick<Block, "head" | "kind" | "isCertain"> {
  const parent = blocks.at(-1);
  const isInRule = parent?.kind === "rule";
  const isCertain = (parent?.isCertain ?? true) && isCertainGroup(head);
  if (blocks.length >= depthMax) return { head, kind: "other", isCertain };
  if (!head.startsWith("@")) return { head, kind: isInRule ? "other" : "rule", isCertain };
  if (!isGroup(head)) return { head, kind: "other", isCertain };
  return isInRule ? { head: parent.head, kind: "rule", isCertain } : { head, kind: "group", isCertain };
}

const queriesOf = (head: string): string | undefined =>
  head.startsWith("@media") ? head.slice("@media".length) : undefined;

function isCertainGroup(head: string): boolean {
  const queries = queriesOf(head);
  return queries === undefined ? !head.startsWith("@container") : isShownOnScreens(queries);
}

function isGroup(head: string): boolean {
  const queries = queriesOf(head);
  if (queries !== undefined) return maybeShownOnScreens(queries);
  return /^@(?:layer|container|supports(?!\s+not))\b/.test(head);
}

/** Undefined when what ends means nothing. */
function close(blocks: Block[]): Block | undefined {
  const block = blocks.at(-1);
  if (block === undefined || block.nested === 0) return blocks.pop();
  block.nested -= 1;
  return undefined;
}

function* ruleOf(block: Block | undefined): Generator<Rule, void, undefined> {
  if (block?.kind !== "rule") return;
  const declared = declarationsOf(block.declarations.join(";"));
  const { head: selectors, order, isCertain } = block;
  if (declared.size > 0) yield { selectors, declared, order, isCertain };
}
