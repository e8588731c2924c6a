const magic = 0xfd2fb528;
const skippableMask = 0xffff_fff0;
const skippableMagic = 0x184d_2a50;

/**
 * The largest window that the frames of a zstd text ask their reader to keep, in bytes; undefined when their heads are
 * not well-formed. Nothing is unpacked: ten bytes can ask for two gigabytes, so this has to be known before. Source: RFC 8878.
 */
export function largestWindow(packed: Uint8Array): number | undefined {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let largest = 0;
  let at = 0;
  try {
    while (at < packed.length) {
      const frame = readFrame(view, at);
      if (frame === undefined) return undefined;
      largest = Math.max(largest, frame.windowBytes);
      at = frame.end;
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
  return largest;
}

interface Frame {
  readonly windowBytes: number;
  readonly end: number;
}

function readFrame(view: DataView, start: number): Frame | undefined {
  const head = view.getUint32(start, true);
  if ((head & skippableMask) >>> 0 === skippableMagic) {
    return { windowBytes: 0, end: start + 8 + view.getUint32(start + 4, true) };
  }
  if (head !== magic) return undefined;
  const descriptor = view.getUint8(start + 4);
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const sizeAt = start + 5 + (single ? 0 : 1) + dictionaryBytes;
  const windowBytes = single ? contentSize(view, sizeAt, sizeBytes) : windowSize(view.getUint8(start + 5));
  const checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
  return { windowBytes, end: blocksEnd(view, sizeAt + sizeBytes) + checksumBytes };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Steps over the blocks of a frame; a block of one repeated byte is stored as that byte. */
function blocksEnd(view: DataView, from: number): number {
  let at = from;
  for (;;) {
    const head = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const repeats = ((head >> 1) & 3) === 1;
    at += 3 + (repeats ? 1 : head >> 3);
    if ((head & 1) === 1) return at;
  }
}
