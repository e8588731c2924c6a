export interface SemanticOptions {
  /**
   * `shadow` counts what it would serve and serves nothing. `guarded` serves what the guard lets through. `verified` also
   * has the backend compare pairs that only the guard's last test refused, so that a later repeat is an exact hit.
   */
  readonly mode: "shadow" | "guarded" | "verified";
  /** Similarity is the cosine of the angle between two vectors, no distance: 1 for the same. Served from here on. */
  readonly threshold?: number;
  /** Compared by the backend from here on. */
  readonly verifyFrom?: number;
  /** What a lookup may take, in milliseconds. */
  readonly budgetMs?: number;
  /** Questions that are compared, of all partitions together. */
  readonly vectorsMax?: number;
}

const defaults = { threshold: 0.95, verifyFrom: 0.85, budgetMs: 60, vectorsMax: 20_000 } as const;

/** Fills in what is left out; throws a RangeError for what makes no sense. */
export function checked(options: SemanticOptions): Required<SemanticOptions> {
  const full = {
    mode: options.mode,
    threshold: options.threshold ?? defaults.threshold,
    verifyFrom: options.verifyFrom ?? defaults.verifyFrom,
    budgetMs: options.budgetMs ?? defaults.budgetMs,
    vectorsMax: options.vectorsMax ?? defaults.vectorsMax,
  };
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  if (!isShare(full.threshold) || !isShare(full.verifyFrom))
    throw new RangeError("a similarity is a cosine from 0 to 1");
  if (!(full.budgetMs > 0) || !(full.vectorsMax >= 1))
    throw new RangeError("a budget and a number of vectors are more than 0");
  return full;
}
