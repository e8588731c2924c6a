/** One block of a zstd frame: bytes as they are, or one byte many times. */
export type ZstdBlock = Uint8Array | { readonly repeat: number; readonly times: number };

export interface ZstdFrameOptions {
  /** The byte that says how much a reader has to remember; 0x50 is 1 MiB. Undefined for a frame of one segment. */
  readonly window?: number | undefined;
  /** Four bytes at the end; no checksum is checked here. */
  readonly checksum?: boolean;
}

/** The window descriptors of some sizes. */
export const windows = { "1 KiB": 0, "1 MiB": 0x50, "8 MiB": 0x68, "9 MiB": 0x69, "1.9 GiB": 0xa7 } as const;

/** A frame made by hand, as RFC 8878 has it; nothing in it is packed. */
export function zstdFrame(blocks: readonly ZstdBlock[], options: ZstdFrameOptions = {}): Buffer {
  const { window, checksum = false } = options;
  const flags = checksum ? 4 : 0;
  const unpacked = blocks.reduce((sum, one) => sum + (one instanceof Uint8Array ? one.length : one.times), 0);
  const head = window === undefined ? [0xa0 | flags, ...littleEndian(unpacked, 4)] : [flags, window];
  const written = blocks.map((one, index) => blockOf(one, index === blocks.length - 1));
  return Buffer.concat([
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...head),
    ...written,
    new Uint8Array(checksum ? 4 : 0),
  ]);
}

/** A frame that every reader passes over. */
export function skippableFrame(content: Uint8Array, kind = 0): Buffer {
  const head = Uint8Array.of(0x50 + kind, 0x2a, 0x4d, 0x18, ...littleEndian(content.length, 4));
  return Buffer.concat([head, content]);
}

function blockOf(block: ZstdBlock, last: boolean): Buffer {
  const [type, size, content] =
    block instanceof Uint8Array ? [0, block.length, block] : [1, block.times, Uint8Array.of(block.repeat)];
  return Buffer.concat([Uint8Array.from(littleEndian((size << 3) | (type << 1) | Number(last), 3)), content]);
}

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => (value >>> (8 * index)) & 0xff);
