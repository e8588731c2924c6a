import type { Call, Reply } from "../core/call.ts";
import type { CallRecord } from "../stats/record.ts";
import type { Registry } from "../upstream/registry.ts";
import type { Send } from "../upstream/retry.ts";
import type { Deliver } from "./deliver.ts";
import type { OpenAccount } from "./money.ts";
import type { Signal } from "../lib/abort.ts";

export interface AnswerParts {
  readonly route: Registry["route"];
  readonly openAccount: OpenAccount;
  readonly send: Send;
  readonly deliver: Deliver;
}

/**
 * Answers one call. Resolves before the body flows; the body must be pulled to its end, or left, by whoever got it.
 * Rejects with ProxyError, or with the signal's reason.
 */
export type Answer = (call: Call, record: CallRecord, signal: Signal) => Promise<Reply>;

/** The life of one call, read top to bottom. */
export function createAnswer({ route, openAccount, send, deliver }: AnswerParts): Answer {
  return async function answer(call, record, signal) {
    const chosen = await route(call);
    const sent = await send(call, chosen, { signal, account: openAccount(call, record) });
    return deliver(call, sent, record);
  };
}
