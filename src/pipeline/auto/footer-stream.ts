import { createFramer, type FrameKind } from "../../lib/framing.ts";

/** Is shown one whole frame of a stream after the other, and says what goes out in its place. */
export interface FrameEditor {
  take(frame: Uint8Array): readonly Uint8Array[];
  /** What it still held back, which are a few frames at most. */
  rest(): readonly Uint8Array[];
}

export interface StreamEditing {
  readonly editor: FrameEditor;
  readonly kind: FrameKind;
}

/** A stream that is at hand as one piece, edited. */
export function editedBytes(body: Uint8Array, parts: StreamEditing): Uint8Array {
  const editing = createEditing(parts);
  return Buffer.concat([editing.push(body), editing.end()]);
}

/**
 * A stream, edited as it flows. Leaving it early leaves its source, also when nothing was asked of it yet; an error of
 * the source comes after all whole frames that came before it.
 */
export function editedStream(
  body: AsyncIterable<Uint8Array>,
  parts: StreamEditing,
): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const editing = createEditing(parts);
  const state: { isOver: boolean; failure: { readonly thrown: unknown } | undefined } = {
    isOver: false,
    failure: undefined,
  };
  const pull = async (): Promise<Uint8Array> => {
    try {
      const next = await source.next();
      if (next.done !== true) return editing.push(next.value);
      state.isOver = true;
      return editing.end();
    } catch (thrown) {
      Object.assign(state, { isOver: true, failure: { thrown } });
      return editing.held();
    }
  };
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      while (!state.isOver) {
        const value = await pull();
        if (value.length > 0) return { done: false, value };
      }
      const { failure } = state;
      state.failure = undefined;
      if (failure !== undefined) throw failure.thrown;
      return ended;
    },
    async return() {
      Object.assign(state, { isOver: true, failure: undefined });
      await source.return?.();
      return ended;
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

const ended: IteratorReturnResult<undefined> = { done: true, value: undefined };

interface Editing {
  readonly push: (chunk: Uint8Array) => Uint8Array;
  /** What is left; the last frame may lack its line end. */
  readonly end: () => Uint8Array;
  /** The whole frames that are left: half a frame before an error would spoil the frame that tells of it. */
  readonly held: () => Uint8Array;
}

function createEditing({ editor, kind }: StreamEditing): Editing {
  // Whoever delivers has bounded the frames already.
  const framer = createFramer(kind, Number.POSITIVE_INFINITY);
  const edited = (bytes: Uint8Array): Uint8Array =>
    Buffer.concat(framesOf(bytes, kind).flatMap((frame) => editor.take(frame)));
  const held = (): Uint8Array => Buffer.concat(editor.rest());
  return {
    push: (chunk) => edited(framer.push(chunk) ?? nothing),
    end: () => Buffer.concat([edited(framer.rest()), held()]),
    held,
  };
}

const nothing = new Uint8Array(0);

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Whole frames, one by one; of an event the blank line is a part. */
function framesOf(bytes: Uint8Array, kind: FrameKind): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let [start, line] = [0, 0];
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, line)) {
    const isBlank = at === line || (at === line + 1 && bytes[line] === carriageReturn);
    line = at + 1;
    if (kind === "event" && !isBlank) continue;
    frames.push(bytes.subarray(start, line));
    start = line;
  }
  if (start < bytes.length) frames.push(bytes.subarray(start));
  return frames;
}
