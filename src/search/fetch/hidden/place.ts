import { hasLength, isFar, lengthOf, type Length } from "./length.ts";

/** True for transforms that leave nothing of an element, turn its edge to the reader, or move it out of the window. */
export function isMovedAway(value: string): boolean {
  if (!value.includes("(")) return value.split(" ").some(isFlat);
  for (const [, name = "", inside = ""] of value.matchAll(/([a-z\d]+)\(([^()]*)\)/g))
    if (isAway(name, inside.trim().split(/[\s,]+/))) return true;
  return false;
}

function isAway(name: string, parts: readonly string[]): boolean {
  if (/^scale[xy]?$/.test(name)) return parts.some(isFlat);
  if (name === "scale3d") return parts.slice(0, 2).some(isFlat);
  if (name.startsWith("translate"))
    return parts.some((part) => !part.endsWith("%") && hasLength(part, isFar));
  if (name === "rotatex" || name === "rotatey") return parts.some(isRightAngle);
  return name === "matrix" && isFlatMatrix(parts.map(Number));
}

const isFlatMatrix = ([a = 1, b = 0, c = 0, d = 1]: readonly number[]): boolean => a * d - b * c === 0;

const flat = 0.05;

const isFlat = (part: string): boolean => {
  const { amount = 1, unit } = lengthOf(part) ?? {};
  return Math.abs(unit === "%" ? amount / 100 : amount) < flat;
};

const isRightAngle = (part: string): boolean =>
  hasLength(part, ({ amount, unit }) => unit === "deg" && Math.abs(amount % 180) === 90);

const sliver = 2;

/** True for `clip: rect(top, right, bottom, left)` without room for a letter. */
export function isCutOut(value: string): boolean {
  const inside = /^rect\(([^()]*)\)?$/.exec(value)?.[1];
  if (inside === undefined) return false;
  const [top, right, bottom, left] = inside
    .trim()
    .split(/[\s,]+/)
    .map((part) => lengthOf(part)?.amount);
  const width = (right ?? Number.MAX_VALUE) - (left ?? 0);
  const height = (bottom ?? Number.MAX_VALUE) - (top ?? 0);
  return width <= sliver || height <= sliver;
}

/** True for shapes of `clip-path` that have no inside. */
export function isClippedAway(value: string): boolean {
  const [, shape = "", inside = ""] = /^([a-z]+)\(([^()]*)\)?$/.exec(value) ?? [];
  const parts = inside.trim().split(/[\s,]+/);
  if (shape === "inset") return isInsetAway(parts);
  if (shape === "circle" || shape === "ellipse") return lengthOf(parts[0] ?? "")?.amount === 0;
  return shape === "polygon" && !/[1-9]/.test(inside);
}

/** `inset(top right bottom left)`, of which all but the first may be left out. */
function isInsetAway(parts: readonly string[]): boolean {
  const end = parts.indexOf("round");
  const [top, right = top, bottom = top, left = right] = parts
    .slice(0, end < 0 ? parts.length : end)
    .map(lengthOf);
  return isCovered(top, bottom) || isCovered(left, right);
}

const isCovered = (one: Length | undefined, other: Length | undefined): boolean => {
  const share = (length: Length | undefined): number => {
    if (length === undefined) return 0;
    return length.unit === "%" ? length.amount : length.amount / 10;
  };
  return share(one) + share(other) >= 100;
};
