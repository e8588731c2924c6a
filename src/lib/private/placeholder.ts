/** What stands where a secret would: marks, variables, calls, parts of lists and objects, types, paths. */
const placeholders: readonly RegExp[] = [
  /^(?:<.*|\[[^\]]*\]?|\{\{?.*|%\w+%|%\d*s|[#$%]\{.*|[$%]\(.*|`.*|\$[A-Za-z_]\w*(?:$|[[(>.-].*)|[xX*.•_-]+)$/,
  /^[&*!@#%:]+(?:[A-Za-z_.]+$|[A-Za-z_]\w*\.|\[)/,
  /^[&*]*[A-Za-z_$][\w:>$-]*(?:\?\.|\.|::|->)[A-Za-z_$]/,
  /^[&*]*[A-Za-z_$][\w:.>$-]*[<[(]/,
  /^(?:[./~]|https?:)/,
  /^(?:your[_-]?|my[_-])(?:own|new|old|api|db|secret|password|passwd|pass|pw|key|token)[\w-]*$/i,
  // How long one has to be, or a number of something.
  /^\d{1,4}(?:-[\w-]+|[A-Za-z]{1,6})?$/,
];
/** Words that everyone uses in their place. */
const placeholderWord =
  /^&?(?:env|str|string|text|bool|boolean|int|number|null|none|nil|undefined|true|false|required|optional|example|changeme|password|passwd|pass|pwd|secret|redacted|hidden|dummy|placeholder)$/i;

const lettersMin = 4;

/** Whether a value only stands where a secret would. */
export const isPlaceholder = (value: string): boolean => {
  const bare = value.replace(/[)\]}>.,;:]+$/, "");
  if (bare.length < lettersMin || placeholderWord.test(bare.replace(/[!?]+$/, ""))) return true;
  return placeholders.some((one) => one.test(value) || one.test(bare));
};
