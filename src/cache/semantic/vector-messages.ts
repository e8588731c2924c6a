import type { Near } from "./vectors.ts";

/** What the searching thread is asked. */
export type Ask =
  | { readonly kind: "add"; readonly id: string; readonly partition: string; readonly vector: Float32Array }
  | { readonly kind: "remove"; readonly id: string }
  | {
      readonly kind: "search";
      readonly call: number;
      readonly partition: string;
      readonly vector: Float32Array;
    };

/** What it tells; `gone`: a vector was refused, or made room for another. */
export type Told =
  | { readonly kind: "found"; readonly call: number; readonly near: readonly Near[] }
  | { readonly kind: "gone"; readonly id: string };

/** Both ends are this program: the kind says all. */
export const isAsk = (message: unknown): message is Ask => hasKind(message, ["add", "remove", "search"]);

export const isTold = (message: unknown): message is Told => hasKind(message, ["found", "gone"]);

function hasKind(message: unknown, kinds: readonly string[]): boolean {
  if (typeof message !== "object" || message === null || !("kind" in message)) return false;
  return typeof message.kind === "string" && kinds.includes(message.kind);
}
