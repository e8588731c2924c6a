/** Weighs what is hidden against what is seen. */
export interface Shade {
  /** Counts the letters of a text; `cause` is what hides it, where that can be doubted. */
  count(text: string, isHidden: boolean, cause: string | undefined): void;
  /**
   * What alone hides nearly all of a page's text: a loader's cover, or a beginning of which only a script knows the end.
   * No page was written for readers to see so little of it.
   */
  readonly doubtful: string | undefined;
}

/** Less than this is not worth a doubt. */
const lettersMin = 250;
/** How many times more than what is seen. */
const ratioMin = 4;

export function createShade(): Shade {
  const hidden = new Map<string, number>();
  let seen = 0;
  return {
    count(text, isHidden, cause) {
      const letters = text.trim().length;
      if (!isHidden) seen += letters;
      else if (cause !== undefined) hidden.set(cause, (hidden.get(cause) ?? 0) + letters);
    },
    get doubtful() {
      const least = Math.max(lettersMin, seen * ratioMin);
      return [...hidden].find(([, letters]) => letters >= least)?.[0];
    },
  };
}
