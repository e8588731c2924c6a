import type { Image } from "../core/chat.ts";

/** What the first letters of a picture's base64 tell of its kind. Source: the magic numbers of the formats. */
const kinds: readonly (readonly [prefix: string, mediaType: string])[] = [
  ["/9j/", "image/jpeg"],
  ["iVBORw0KGgo", "image/png"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["Qk", "image/bmp"],
  ["SUkq", "image/tiff"],
  ["TU0AK", "image/tiff"],
  ["JVBERi0", "application/pdf"],
];

/** What Ollama takes bytes for that it does not know. */
const usualType = "image/jpeg";

/** A picture from its base64, whatever white space is in it; the kind is told by its bytes, not by what a client says. */
export function imageOf(text: string): Image {
  const base64 = text.replace(/\s+/g, "");
  return {
    mediaType: kinds.find(([prefix]) => base64.startsWith(prefix))?.[1] ?? modernType(base64) ?? usualType,
    base64,
  };
}

/** AVIF and HEIC name themselves after a length: `....ftypavif`. */
function modernType(base64: string): string | undefined {
  if (!base64.startsWith("AAAA")) return undefined;
  const brand = Buffer.from(base64.slice(0, 24), "base64").toString("latin1");
  if (brand.includes("ftypavi")) return "image/avif";
  return /ftyp(?:hei|mif)/.test(brand) ? "image/heic" : undefined;
}

/** A picture from a `data:` URL; undefined for anything else. */
export function imageOfDataUrl(url: string): Image | undefined {
  const [, base64] = /^data:[^,]*;base64,(.*)$/is.exec(url) ?? [];
  return base64 === undefined ? undefined : imageOf(base64);
}

export const dataUrlOf = ({ mediaType, base64 }: Image): string => `data:${mediaType};base64,${base64}`;
