import type { Call } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";

/** The last gate: whoever chose this upstream, a call that must stay in the house is not built here. Throws ProxyError. */
export function checkMayLeave({ asker }: Call, isCloud: boolean): void {
  if (isCloud && asker.isLocalOnly)
    throw new ProxyError("local_only", "this request must not leave the house");
}
