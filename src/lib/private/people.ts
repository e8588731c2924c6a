import { type Span, spansOf } from "./spans.ts";

const emailLike = /(?<=([\w.%+-]{1,64}))@((?:[A-Za-z0-9-]{1,63}\.){1,5})([A-Za-z]{2,24})\b/g;
/** Reserved for examples (RFC 2606), nobody's address, or the name of a picture: `icon@2x.png`. */
const nobodys = /^(?:test|example|invalid|localhost|png|jpe?g|gif|svg|webp)$/i;

export function* emails(text: string): Generator<Span> {
  if (!text.includes("@")) return;
  for (const { 0: found, 1: user = "", 2: domain = "", 3: top = "", index } of text.matchAll(emailLike)) {
    const isNobodys = nobodys.test(top) || /(?:^|\.)example\.$/i.test(domain) || robots.test(user);
    if (!isNobodys) yield [index - user.length, index + found.length];
  }
}

const robots = /^(?:git|no-?reply|do-?not-?reply)$/i;

const phoneLike =
  /(?<![\w+])\+\d[\d ()./-]{6,20}\d|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g;
const saidPhone =
  /\b(?:tel|phone|mobile|cell|handy|telefon|teléfono|telefono|móvil|téléphone|telefone|telefoon)\b[^\d\n+]{0,14}\d[\d ()./-]{5,18}\d/gi;

function isPhone(found: string): boolean {
  const digits = found.replaceAll(/\D/g, "");
  // 555-0100 to 555-0199 are kept for fiction.
  return digits.length >= 8 && digits.length <= 15 && !/55501\d\d$/.test(digits);
}

export function* phones(text: string): Generator<Span> {
  yield* spansOf(text, phoneLike, ([found]) => isPhone(found));
  yield* spansOf(text, saidPhone);
}

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const ipv4 = new RegExp(
  String.raw`(?<![\d.])(?:10\.${octet}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.${octet}\.${octet}(?:/\d{1,2})?(?::\d{1,5})?(?!\.?\d)`,
  "g",
);
const ipv6 = /(?<![\w:])f[cd][0-9a-f]{2}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4}(?![\w:])/gi;

export function* privateAddresses(text: string): Generator<Span> {
  yield* spansOf(text, ipv4);
  yield* spansOf(text, ipv6);
}
