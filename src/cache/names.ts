/** A text in which `*` stands for any text, as a pattern for the whole of a name. */
export function globPattern(glob: string): RegExp {
  const literal = glob.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`, "is");
}

/** A model by its key, and by the parts of it that people write. */
export function namesOf(model: string): string[] {
  const short = model.slice(model.lastIndexOf("/") + 1);
  return [model, short, short.replace(/:latest$/, "")];
}
