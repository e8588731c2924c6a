import { pipeline, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { PageFault } from "./fault.ts";

export interface BodyLimits {
  /** Of the decoded body. */
  readonly bytesMax: number;
  /** How many times larger than what was sent the decoded body may be. */
  readonly ratioMax: number;
}

export interface BodyEvents {
  /** Called whenever something has come from the server. */
  received(): void;
  /** Called once with the first decoded bytes, at least `headBytes` of them or all there are; throws to stop. */
  head(bytes: Uint8Array): void;
  readonly headBytes: number;
}

/** A short body may well be of one letter; the ratio is looked at from here on. */
const ratioFromBytes = 65_536;

type Layer = "identity" | "gzip" | "br";

const layers: Readonly<Record<string, Layer>> = {
  "": "identity",
  identity: "identity",
  gzip: "gzip",
  "x-gzip": "gzip",
  br: "br",
};

/** Which one encoding a body is in. Throws PageFault for others and for several at once. */
export function layerOf(header: string | undefined): Layer {
  const layer = layers[(header ?? "").trim().toLowerCase()];
  if (layer === undefined) throw new PageFault("it is encoded in a way that was not asked for");
  return layer;
}

/**
 * Reads a whole body, decoded. Throws PageFault when it is too large, grows too much in decoding, or breaks off; what
 * `head` throws comes out too. The body is destroyed in each of these cases.
 */
export async function readBody(
  body: Readable,
  layer: Layer,
  { limits, events }: { readonly limits: BodyLimits; readonly events: BodyEvents },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sentBytes = 0;
  let bytes = 0;
  let isJudged = false;
  const judge = (isEnd: boolean): void => {
    if (isJudged || (bytes < events.headBytes && !isEnd)) return;
    isJudged = true;
    events.head(Buffer.concat(chunks));
  };
  const sent = async function* (): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sentBytes += chunk.length;
      events.received();
      yield chunk;
    }
  };
  try {
    for await (const chunk of decoded(sent(), layer)) {
      bytes += chunk.length;
      checkSize({ bytes, sentBytes }, limits);
      chunks.push(chunk);
      judge(false);
    }
    judge(true);
    return Buffer.concat(chunks);
  } finally {
    body.destroy();
  }
}

/** Left early, a decoder is destroyed, and with it what it reads from. */
function decoded(sent: AsyncIterable<Buffer>, layer: Layer): AsyncIterable<Buffer> {
  if (layer === "identity") return sent;
  return pipeline(sent, layer === "gzip" ? createGunzip() : createBrotliDecompress(), ignore);
}

function checkSize(
  { bytes, sentBytes }: { bytes: number; sentBytes: number },
  { bytesMax, ratioMax }: BodyLimits,
): void {
  if (bytes > bytesMax) throw new PageFault("the page is too large");
  if (bytes > ratioFromBytes && bytes > sentBytes * ratioMax)
    throw new PageFault("the page grows too much when it is decoded");
}

/** The reader hears of every failure itself. */
const ignore = (): void => undefined;
