import { enclosures, formatting } from "./elements.ts";

/**
 * Hidden formatting whose parent has ended: `<p><b hidden></p>` hides what follows until `</b>`, or until the end of the
 * cell it is in.
 */
export interface Lingering {
  /** True while there is some. */
  readonly isHiding: boolean;
  opened(name: string): void;
  /** Called for an element that ends, hidden or not; `isOwn` by its own end tag. */
  ended(element: { readonly name: string; readonly isHidden: boolean }, isOwn: boolean): void;
  /** Called for an end tag without an element that is open. */
  endTag(name: string): void;
}

interface Frame {
  readonly counts: Map<string, number>;
  total: number;
}

const emptyFrame = (): Frame => ({ counts: new Map(), total: 0 });

export function createLingering(): Lingering {
  const outermost = emptyFrame();
  const inner: Frame[] = [];
  let total = 0;

  const add = (name: string, difference: 1 | -1): void => {
    const frame = inner.at(-1) ?? outermost;
    frame.counts.set(name, (frame.counts.get(name) ?? 0) + difference);
    frame.total += difference;
    total += difference;
  };
  return {
    get isHiding() {
      return total > 0;
    },
    opened(name) {
      if (enclosures.has(name)) inner.push(emptyFrame());
    },
    ended({ name, isHidden }, isOwn) {
      if (enclosures.has(name)) total -= inner.pop()?.total ?? 0;
      else if (isHidden && !isOwn && formatting.has(name)) add(name, 1);
    },
    endTag(name) {
      const frame = inner.at(-1) ?? outermost;
      if ((frame.counts.get(name) ?? 0) > 0) add(name, -1);
    },
  };
}
