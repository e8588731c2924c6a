/** Letters of a turn that are looked at: its beginning and its end, where questions are. */
const headLettersMax = 3_000;
const tailLettersMax = 3_000;

/** The question is mostly before or after what was pasted. */
export function ends(text: string): string {
  if (text.length <= headLettersMax + tailLettersMax) return text;
  return `${text.slice(0, headLettersMax)}\n${text.slice(-tailLettersMax)}`;
}

const lineOfCode =
  /^\s*(?:(?:import|from|def|class|function|const|let|var|return|public|private|#include|package|using|SELECT|FROM|WHERE|at)\s.*[;:{}()=]\s*$|[}\])]+[;,]?\s*$|[{[<].*[>}\],]\s*$|\$\s|>>>\s|\/\/|at\s\S+\s?\(|File ")/;

/** An error message is the best query for a paste of code. */
const errorLine =
  /(?:^|\n)[^\n]{0,80}?((?:[A-Za-z.]*(?:Error|Exception)|error(?:\[\w+\])?|fatal|panic): [^\n]{5,160})/;

export interface Prose {
  /** What is said, without code, quotations, markup and addresses. */
  readonly text: string;
  /** A message of an error that was pasted with it. */
  readonly error: string | undefined;
}

/** Takes a turn apart into what its writer says and what was only pasted. */
export function proseOf(turn: string): Prose {
  const held = ends(turn).replaceAll("\r\n", "\n");
  const error = errorLine.exec(held)?.[1]?.trim();
  const text = withoutFences(held)
    .replace(/`([^`\n]{1,40})`/g, "$1")
    .replace(/`[^`\n]*`/g, " ")
    .split("\n")
    .filter((line) => !/^\s*>/.test(line) && !lineOfCode.test(line))
    .join("\n")
    .replace(/<[a-z/!][^<>\n]*>/gi, " ")
    .replace(/!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)/g, "$1")
    .replace(/\bhttps?:\/\/(?:www\.)?([^\s/?#]+)\S*/gi, "$1")
    .replace(/[‘’]/g, "'");
  return { text: text.trim(), error };
}

/** A fence that is not closed goes on to the end. */
function withoutFences(text: string): string {
  let isCode = false;
  const lines = text.split("\n").filter((line) => {
    if (!/^\s*(?:```|~~~)/.test(line)) return !isCode;
    isCode = !isCode;
    return false;
  });
  return lines.join("\n");
}
