import { ProxyError, toProxyError } from "../core/error.ts";
import { codeOf, isConnectTimeout, isTrustFault, unreachable } from "../lib/net-fault.ts";
import { QueueRefusedError } from "../lib/semaphore.ts";
import { formatDuration } from "../lib/time.ts";
import type { AttemptTimeouts, TimeoutKind } from "./watch.ts";

const reasons: Readonly<Record<string, string>> = {
  ...unreachable,
  ERR_SSL_WRONG_VERSION_NUMBER: "does not speak TLS",
};

/**
 * What a failed request to an upstream means. `started` tells whether any of the answer had arrived.
 * A ProxyError, or whatever the caller's signal was aborted with, passes through.
 */
export function faultOf(thrown: unknown, upstream: string, started: boolean): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  const code = codeOf(thrown);
  const known = reasons[code];
  if (known !== undefined) {
    return new ProxyError("upstream_unreachable", `upstream ${upstream} ${known}`, {
      cause: thrown,
      upstream,
    });
  }
  if (isConnectTimeout(code)) {
    return new ProxyError("upstream_timeout", `upstream ${upstream} did not accept the connection in time`, {
      cause: thrown,
      upstream,
    });
  }
  if (isTrustFault(code)) {
    return new ProxyError(
      "upstream_unreachable",
      `upstream ${upstream} has a certificate that is not trusted`,
      {
        cause: thrown,
        upstream,
      },
    );
  }
  if (!isWireFault(thrown, code)) return toProxyError(thrown);
  return broken(
    upstream,
    started ? "broke off its answer" : "closed the connection without an answer",
    thrown,
  );
}

function broken(upstream: string, text: string, cause: unknown): ProxyError {
  return new ProxyError("upstream_broken", `upstream ${upstream} ${text}`, { cause, upstream });
}

/** Whether a connection died without a byte of an answer, as an idle one does when its server closes it. */
export function isDeadConnection(thrown: unknown): boolean {
  return ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(codeOf(thrown));
}

function isWireFault(thrown: unknown, code: string): boolean {
  return code !== "" || (thrown instanceof Error && thrown.name === "HTTPParserError");
}

const timeoutTexts: Readonly<Record<TimeoutKind, string>> = {
  firstByte: "did not begin to answer within",
  idle: "sent nothing for",
  total: "did not finish within",
};

/** The error of an attempt that ran into one of its limits. */
export function timeoutFault(upstream: string, kind: TimeoutKind, timeouts: AttemptTimeouts): ProxyError {
  const limitMs = { firstByte: timeouts.firstByteMs, idle: timeouts.idleMs, total: timeouts.totalMs }[kind];
  return new ProxyError(
    "upstream_timeout",
    `upstream ${upstream} ${timeoutTexts[kind]} ${formatDuration(limitMs)}`,
    {
      upstream,
    },
  );
}

/** Ollama's own words, two spaces included, for a queue that takes no more. */
export const busyText = "server busy, please try again.  maximum pending requests exceeded";

/** The error of a call that got no place at an upstream; whatever else ended the wait passes through. */
export function queueFault(thrown: unknown, upstream: string, retryAfterMs: number): ProxyError {
  if (!(thrown instanceof QueueRefusedError)) return toProxyError(thrown);
  const text = thrown.reason === "full" ? busyText : `upstream ${upstream} had no free place in time`;
  return new ProxyError("overloaded", text, { cause: thrown, retryAfterMs, upstream });
}
