/** The end of a stream, kept by reference while it flows by. */
export interface Tail {
  push(bytes: Uint8Array): void;
  bytes(): Uint8Array;
}

/** More than this is kept only when the last piece alone is larger. */
const keptBytes = 16_384;

export function createTail(): Tail {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  return {
    push(piece) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes < keptBytes * 2) return;
      while (pieces.length > 1 && bytes - (pieces[0]?.length ?? 0) >= keptBytes)
        bytes -= pieces.shift()?.length ?? 0;
    },
    bytes: () => Buffer.concat(pieces),
  };
}
