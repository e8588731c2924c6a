const quote = 0x22;
const backslash = 0x5c;

/**
 * The bytes of a JSON object without its members called `name`, everything else byte for byte as it was. The bytes must
 * hold well-formed JSON; what follows its first value stays. The same bytes when there is no such member.
 */
export function cutMember(json: Uint8Array, name: string): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  const members = membersOf(bytes);
  const kept = members.filter((member) => keyOf(bytes, member) !== name);
  if (kept.length === members.length) return json;
  const [first] = members;
  const last = members.at(-1);
  if (first === undefined || last === undefined) return json;
  const texts = kept.map(({ start, end }) => bytes.subarray(start, end));
  const comma = Buffer.from(",");
  const inside = texts.flatMap((text, index) => (index === 0 ? [text] : [comma, text]));
  return Buffer.concat([bytes.subarray(0, first.start), ...inside, bytes.subarray(last.end)]);
}

/** A member of the outermost object: from the quote that begins its key to the byte after its value. */
interface Member {
  readonly start: number;
  readonly end: number;
}

interface Walk {
  readonly members: Member[];
  depth: number;
  /** Where the member being read begins; -1 between members. */
  start: number;
}

function membersOf(bytes: Buffer): Member[] {
  const walk: Walk = { members: [], depth: 0, start: -1 };
  if (bytes.find((byte) => byte > 0x20) !== 0x7b) return [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === quote) {
      if (walk.depth === 1 && walk.start < 0) walk.start = at;
      at = closingQuote(bytes, at + 1);
    } else if (passMark(walk, bytes[at] ?? 0, at)) break;
  }
  return walk.members;
}

/** True at the end of the first value. */
function passMark(walk: Walk, byte: number, at: number): boolean {
  const isClosing = byte === 0x7d || byte === 0x5d;
  if (walk.depth === 1 && walk.start >= 0 && (byte === 0x2c || isClosing)) {
    walk.members.push({ start: walk.start, end: at });
    walk.start = -1;
  }
  if (byte === 0x7b || byte === 0x5b) walk.depth += 1;
  else if (isClosing) walk.depth -= 1;
  return isClosing && walk.depth === 0;
}

function keyOf(bytes: Buffer, { start }: Member): string {
  const key: unknown = JSON.parse(bytes.toString("utf8", start, closingQuote(bytes, start + 1) + 1));
  return String(key);
}

/** The index of the quote that ends the string whose text begins at `from`. */
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return bytes.length;
}
