/** Why a page could not be had, in words for a log. It stays inside this folder and repeats nothing of the page. */
export class PageFault extends Error {
  override readonly name: string = "PageFault";
  /** False when the next try may well end otherwise, so that this one is not remembered. */
  readonly isLasting: boolean;

  constructor(message: string, options: { readonly isLasting?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.isLasting = options.isLasting ?? true;
  }
}
