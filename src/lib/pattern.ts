import { RE2JS, RE2JSException, RE2JSSyntaxException } from "re2js";

/** What an operator looks for. It takes linear time, whatever it says and whatever text it meets. */
export interface Pattern {
  /** Whether it is somewhere in a text, upper and lower case alike. */
  finds(text: string): boolean;
}

/** A pattern that cannot be used. The message says why, without a word of the pattern. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/**
 * Steps of a compiled pattern. A text that is made for it may cost a hundredth of a microsecond for each of them and each
 * letter; a hundred names, or counts up to some hundreds, are below it.
 */
const stepsMax = 1_000;

/**
 * Reads a regular expression of RE2, an engine that never tries again: `(a+)+b` would take V8's own longer than anyone
 * waits. `^` and `$` are the ends of a line, and of a text in quotes: JSON has its texts there. `(?-i)` makes case count.
 * Throws PatternError. Source: https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(source: string): Pattern {
  const compiled = compile(source);
  if (compiled.programSize() > stepsMax)
    throw new PatternError("is too large: make several of it, or its counts smaller");
  const signs = source.replaceAll(/\\[^Az]|\[\^?\]?(?:\\.|[^\]\\])*\]/gs, "");
  if (/\\[Az]/.test(signs))
    throw new PatternError(
      String.raw`finds nothing with \A and \z, as it is looked for in JSON: say ^ and $`,
    );
  const endsAtLines = /[\^$]/.test(signs);
  return {
    finds: (text) => compiled.test(text) || (endsAtLines && compiled.test(text.replaceAll('"', "\n"))),
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE | RE2JS.MULTILINE);
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown;
    throw new PatternError(reasonOf(thrown));
  }
}

function reasonOf(thrown: RE2JSException): string {
  if (!(thrown instanceof RE2JSSyntaxException)) return "cannot be read";
  const at = thrown.input ?? "";
  if (/^\(\?<?[=!]/.test(at)) return "looks ahead or behind, which takes more than linear time";
  if (/^\\[1-9k]/.test(at)) return "refers back to what it found, which takes more than linear time";
  if (at.startsWith("\\u")) return String.raw`\u is not known in it, a letter's number is written \x{e9}`;
  return thrown.error;
}
