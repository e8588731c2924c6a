import type { Exchange } from "./exchange.ts";

/** The memory that request bodies take while their requests are being answered, all together. */
export interface HeldBodies {
  /** Counts more bytes of a body; false, nothing counted, when that would be more than `bytesMax`. */
  hold(exchange: Exchange, bytes: number, bytesMax: number): boolean;
  /** The request is over: its body is counted no more. */
  release(exchange: Exchange): void;
  readonly bytes: number;
}

export function createHeldBodies(): HeldBodies {
  let held = 0;
  return {
    hold(exchange, bytes, bytesMax) {
      if (held + bytes > bytesMax) return false;
      held += bytes;
      exchange.heldBytes += bytes;
      return true;
    },
    release(exchange) {
      held -= exchange.heldBytes;
      exchange.heldBytes = 0;
    },
    get bytes() {
      return held;
    },
  };
}
