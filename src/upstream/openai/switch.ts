import type { Clock } from "../../lib/time.ts";

/** Switches a provider off for a while: one that rejects our key, or wants money first, gets no calls until then. */
export interface Switch {
  readonly off: (why: string) => void;
  /** Why it is off; undefined while it is on. */
  readonly why: () => string | undefined;
  /** Milliseconds until it is on again; 0 while it is on. */
  readonly leftMs: () => number;
}

export interface SwitchParts {
  readonly clock: Clock;
  readonly offMs: number;
  /** Told when it goes off, not for every call that finds it so. */
  readonly onOff: (why: string) => void;
}

export function createSwitch({ clock, offMs, onOff }: SwitchParts): Switch {
  let reason: string | undefined;
  let untilMs = 0;
  const why = (): string | undefined => {
    if (reason !== undefined && clock.monotonicMs() >= untilMs) reason = undefined;
    return reason;
  };
  return {
    off(text) {
      const isNew = why() === undefined;
      reason = text;
      untilMs = clock.monotonicMs() + offMs;
      if (isNew) onOff(text);
    },
    why,
    leftMs: () => (why() === undefined ? 0 : untilMs - clock.monotonicMs()),
  };
}
