/** Why a job of care was not done: `invalid` asked for something that cannot be, `busy` comes again later. */
export class CareError extends Error {
  override readonly name = "CareError";
  readonly kind: "invalid" | "busy";

  constructor(kind: CareError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
