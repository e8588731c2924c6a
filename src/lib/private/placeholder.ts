/** What stands where a secret would: marks and variables. */
const marks: readonly RegExp[] = [
  /^(?:<.*|\[[^\]]*\]?|\{\{?.*|%\w+%|%\d*s|[#$%]\{.*|[$%]\(.*|`.*|\$[A-Za-z_]\w*(?:$|[[(>.-].*)|[xX*.•_-]+)$/,
  /^[&*!@#%:]+(?:[A-Za-z_.]+$|[A-Za-z_]\w*\.|\[)/,
  /^(?:your[_-]?|my[_-])(?:own|new|old|api|db|secret|password|passwd|pass|pw|key|token)[\w-]*$/i,
  // How long one has to be, or a number of something.
  /^\d{1,4}(?:-[\w-]+|[A-Za-z]{1,6})?$/,
];
/** The same in code: parts of objects and lists, calls, types, paths. */
const codes: readonly RegExp[] = [
  /^[&*]*[A-Za-z_$][\w:>$-]*(?:\?\.|\.|::|->)[A-Za-z_$]/,
  /^[&*]*[A-Za-z_$][\w:.>$-]*[<[(]/,
  /^(?:[./~]|https?:)/,
];
/** Words that everyone uses in their place. */
const placeholderWord =
  /^&?(?:env|str|string|text|bool|boolean|int|number|null|none|nil|undefined|true|false|required|optional|example|changeme|password|passwd|pass|pwd|secret|redacted|hidden|dummy|placeholder)$/i;

const lettersMin = 4;

/** Whether a value only stands where a secret would. */
export const isPlaceholder = (value: string): boolean => isMark(value) || isOneOf(codes, value);

/** The same of a value in a sentence, where a dot or a bracket is none of a program. */
export const isMark = (value: string): boolean => {
  const bare = withoutEnd(value);
  if (bare.length < lettersMin || placeholderWord.test(bare.replace(/[!?]+$/, ""))) return true;
  return isOneOf(marks, value);
};

const isOneOf = (patterns: readonly RegExp[], value: string): boolean => {
  const bare = withoutEnd(value);
  return patterns.some((one) => one.test(value) || one.test(bare));
};

const withoutEnd = (value: string): string => value.replace(/[)\]}>.,;:]+$/, "");
