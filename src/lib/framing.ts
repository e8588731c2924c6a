/** How a stream is cut into frames: NDJSON by line feed, SSE by a blank line. */
export type FrameKind = "line" | "event";

/** Whether a body of this content type is a stream of frames. */
export function isFramed(contentType: string | undefined): boolean {
  return /ndjson|event-stream/.test(contentType ?? "");
}

/** A frame that grew over its bound. */
export class FrameTooLongError extends Error {
  override readonly name = "FrameTooLongError";
}

/** Cuts a byte stream into pieces that hold only whole frames. */
export interface Framer {
  /**
   * Takes the next bytes and returns all that is complete by now (one or more whole frames, unchanged), or undefined.
   * Throws {@link FrameTooLongError} when the unfinished frame is over the bound.
   */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** The bytes after the last whole frame. Empty when the stream ended where a frame did. */
  rest(): Uint8Array;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** `bytesMax` bounds one frame, so that a line without end cannot fill the memory. */
export function createFramer(kind: FrameKind, bytesMax: number): Framer {
  const endsFrame = kind === "line" ? always : endsLine;
  let before: Before = { held: [], passed: undefined };
  let heldBytes = 0;

  const tooLong = (): FrameTooLongError =>
    new FrameTooLongError(`a ${kind} of the stream is longer than ${bytesMax} bytes`);

  /** The end of the last whole frame in `chunk`; 0 when there is none. */
  const lastEnd = (chunk: Uint8Array): number => {
    for (
      let at = chunk.lastIndexOf(lineFeed);
      at >= 0;
      at = at === 0 ? -1 : chunk.lastIndexOf(lineFeed, at - 1)
    ) {
      if (endsFrame(chunk, at - 1, before)) return at + 1;
    }
    return 0;
  };

  /** Frames that came in one piece are over the bound only if one of them is. */
  const checkFrames = (chunk: Uint8Array, end: number): void => {
    let frameBytes = heldBytes;
    let start = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0 && at < end; at = chunk.indexOf(lineFeed, at + 1)) {
      if (!endsFrame(chunk, at - 1, before)) continue;
      if (frameBytes + at + 1 - start > bytesMax) throw tooLong();
      frameBytes = 0;
      start = at + 1;
    }
  };

  return {
    push(chunk) {
      const end = lastEnd(chunk);
      if (heldBytes + end > bytesMax && end > 0) checkFrames(chunk, end);
      const openBytes = (end === 0 ? heldBytes : 0) + chunk.length - end;
      if (openBytes > bytesMax) throw tooLong();
      heldBytes = openBytes;
      if (end === 0) {
        if (chunk.length > 0) before.held.push(chunk);
        return undefined;
      }
      const alone = before.held.length === 0 && end === chunk.length;
      const whole = alone ? chunk : Buffer.concat([...before.held, chunk.subarray(0, end)]);
      before = { held: end === chunk.length ? [] : [chunk.subarray(end)], passed: lineFeed };
      return whole;
    },
    rest: () => Buffer.concat(before.held),
  };
}

/** What came before a chunk: the bytes of the unfinished frame, and the last byte of the frame before that. */
interface Before {
  readonly held: Uint8Array[];
  readonly passed: number | undefined;
}

const always = (): boolean => true;

/** Whether the byte at `at`, a carriage return skipped, is the line feed that makes the next one a blank line. */
function endsLine(chunk: Uint8Array, at: number, before: Before): boolean {
  const byte = byteAt(chunk, at, before);
  return byte === lineFeed || (byte === carriageReturn && byteAt(chunk, at - 1, before) === lineFeed);
}

function byteAt(chunk: Uint8Array, at: number, { held, passed }: Before): number | undefined {
  let index = at;
  let part: Uint8Array | undefined = chunk;
  for (let next = held.length - 1; index < 0; next--) {
    part = held[next];
    if (part === undefined) return index === -1 ? passed : undefined;
    index += part.length;
  }
  return part?.[index];
}

/** The lines of some whole frames as text, without their line ends; blank ones only when asked for. */
export function linesOf(
  bytes: Uint8Array,
  blank: "without blank ones" | "with blank ones" = "without blank ones",
): string[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8").split(/\r?\n/);
  return blank === "with blank ones" ? lines : lines.filter((line) => line !== "");
}
