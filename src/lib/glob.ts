/** A text in which `*` stands for any text, as a pattern for the whole of a name; case does not matter. */
export function globPattern(glob: string): RegExp {
  const literal = glob.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`, "is");
}

/** Whether a name is one of those that some patterns stand for. */
export function globMatcher(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map(globPattern);
  return (name) => patterns.some((pattern) => pattern.test(name));
}
