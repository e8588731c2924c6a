import { payloadBytesMax } from "../cache/entry.ts";

/**
 * Passes an answer on and keeps what passes; `onWhole` is called with all of it before its end is told, and not when it
 * breaks off, is left, or is longer than an entry may be: then `onTooLarge` is.
 */
export function collected(
  body: AsyncIterable<Uint8Array>,
  onWhole: (bytes: Uint8Array) => void,
  onTooLarge: () => void,
): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const next = await source.next();
      if (next.done === true) {
        if (bytes > streamBytesMax) onTooLarge();
        else onWhole(Buffer.concat(chunks));
        chunks = [];
        return next;
      }
      bytes += next.value.length;
      if (bytes > streamBytesMax) chunks = [];
      else chunks.push(next.value);
      return next;
    },
    async return() {
      chunks = [];
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** A stream says the same in far more bytes than an entry. */
const streamBytesMax = payloadBytesMax * 4;
