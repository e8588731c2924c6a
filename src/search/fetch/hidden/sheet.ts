import { plainCss } from "./css.ts";
import { isHiding } from "./declarations.ts";
import { isShownOnScreens } from "./media.ts";

/** Deeper groups are passed over: no sheet that was written for readers has them. */
const depthMax = 32;

interface Block {
  /** What stands before its brace. */
  readonly head: string;
  /** Groups hold rules that apply; what is in other blocks than these two means nothing here. */
  readonly kind: "group" | "rule" | "other";
  /** The declarations of a rule, without what is nested in it. */
  readonly declarations: string[];
  /** How many blocks are open in one that means nothing. */
  nested: number;
}

/**
 * The selectors of all rules of a style sheet that hide something from who reads on a screen, each as it is written
 * between commas. What a browser does with a sheet that is cut short is done here too: its open blocks are closed.
 */
export function* hidingSelectors(css: string): Generator<string, void, undefined> {
  const blocks: Block[] = [];
  for (const [, text = "", sign = ""] of plainCss(css).matchAll(/([^{};]*)([{};]|$)/g)) {
    blocks.at(-1)?.declarations.push(text);
    if (sign === "{") open(blocks, text);
    else if (sign === "}") yield* selectorsOf(close(blocks));
  }
  for (const block of blocks) yield* selectorsOf(block);
}

function open(blocks: Block[], text: string): void {
  const parent = blocks.at(-1);
  if (parent?.kind === "other") {
    parent.nested += 1;
    return;
  }
  parent?.declarations.pop();
  const head = text.replace(/<!--|-->|<!\[cdata\[|\]\]>/g, "").trim();
  const kind = parent?.kind === "rule" || blocks.length >= depthMax ? "other" : kindOf(head);
  blocks.push({ head, kind, declarations: [], nested: 0 });
}

/** Undefined when what ends means nothing. */
function close(blocks: Block[]): Block | undefined {
  const block = blocks.at(-1);
  if (block === undefined || block.nested === 0) return blocks.pop();
  block.nested -= 1;
  return undefined;
}

function kindOf(head: string): Block["kind"] {
  if (!head.startsWith("@")) return "rule";
  if (head.startsWith("@media")) return isShownOnScreens(head.slice("@media".length)) ? "group" : "other";
  return /^@(?:layer|supports(?!\s+not))\b/.test(head) ? "group" : "other";
}

function* selectorsOf(block: Block | undefined): Generator<string, void, undefined> {
  if (block?.kind === "rule" && isHiding(block.declarations.join(";"))) yield* block.head.split(",");
}
