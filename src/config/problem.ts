/** One thing wrong with the configuration. */
export interface Problem {
  /** Where it was said: `config.yaml:12:3`, `environment CHASQUI_DEMO`, `flag --listen`. */
  readonly where: string;
  /** The key, dotted; empty when it is about the whole source. */
  readonly key: string;
  readonly text: string;
}

/** A configuration that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}

export function formatProblem({ where, key, text }: Problem): string {
  return key === "" ? `${where}: ${text}` : `${where}: ${key}: ${text}`;
}

/** Where the value at a path was said. */
export type WhereSaid = (at: readonly PropertyKey[]) => string;
