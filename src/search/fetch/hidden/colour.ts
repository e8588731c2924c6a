import { lengthOf } from "./length.ts";

/** Below this part of its colour, text cannot be told from what is behind it. */
const faint = 0.1;

/** True for an opacity, as a number or in percent, that leaves nothing to be seen. */
export function isFaint(value: string): boolean {
  const { amount = 1, unit } = lengthOf(value.trim()) ?? {};
  return (unit === "%" ? amount / 100 : amount) < faint;
}

/** True for a colour that is seen through. */
export function isClear(value: string): boolean {
  if (value === "transparent") return true;
  if (value.startsWith("#")) return /^#(?:[\da-f]{3}[01]|[\da-f]{6}[01][\da-f])$/.test(value);
  const inside = /^[a-z]+\(([^()]*)\)?$/.exec(value)?.[1];
  if (inside === undefined) return false;
  const [, alpha] = inside.split("/");
  return isFaint(alpha ?? inside.split(",")[3] ?? "1");
}
