import { usualControl } from "../../src/cache/control.ts";
import type { Asker } from "../../src/core/call.ts";

/** Somebody without a key who wants nothing in particular. */
export const nobody: Asker = {
  scope: "local",
  client: "@127.0.0.1",
  isKnown: false,
  keyName: undefined,
  isLocalOnly: false,
  session: undefined,
  cacheControl: usualControl,
};
