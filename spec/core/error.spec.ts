import { describe, expect, it } from "vitest";
import { type ErrorCode, ProxyError, toProxyError } from "../../src/core/error.ts";

const codes: readonly (readonly [ErrorCode, string, number, boolean, boolean])[] = [
  ["invalid_request", "downstream", 400, false, false],
  ["model_invalid", "downstream", 400, false, false],
  ["unauthorized", "downstream", 401, false, false],
  ["model_not_found", "downstream", 404, true, false],
  ["body_too_large", "downstream", 413, false, false],
  ["client_closed", "downstream", 499, false, false],
  ["overloaded", "internal", 503, true, false],
  ["upstream_down", "internal", 503, true, false],
  ["draining", "internal", 503, false, false],
  ["loop_detected", "internal", 508, false, false],
  ["internal", "internal", 500, false, false],
  ["upstream_unreachable", "upstream", 502, true, true],
  ["upstream_broken", "upstream", 502, true, true],
  ["upstream_timeout", "upstream", 504, true, true],
  ["upstream_denied", "upstream", 502, true, false],
  ["upstream_busy", "upstream", 503, true, false],
  ["upstream_rejected", "upstream", 400, false, false],
];

describe("a proxy error", () => {
  it.each(codes)(
    "%s is the fault of the %s: %d, retryable %s, unhealthy %s",
    (code, source, status, retryable, unhealthy) => {
      expect(new ProxyError(code, "text")).toMatchObject({ code, source, status, retryable, unhealthy });
    },
  );

  it("takes an upstream's own status over that of its code", () => {
    expect(new ProxyError("upstream_rejected", "text", { status: 422 }).status).toBe(422);
  });

  it("keeps what others said out of the log", () => {
    const answer = { contentType: undefined, body: new Uint8Array() };

    expect(new ProxyError("upstream_failed", "text").quoted).toBe(false);
    expect(new ProxyError("upstream_failed", "text", { quoted: true }).quoted).toBe(true);
    expect(new ProxyError("upstream_rejected", "text", { answer }).quoted).toBe(true);
    expect(new ProxyError("invalid_request", "text").quoted).toBe(true);
  });

  it("stays itself at the next boundary", () => {
    const error = new ProxyError("overloaded", "text", { retryAfterMs: 1_000 });

    expect(toProxyError(error)).toBe(error);
  });

  it.each([[new TypeError("secret detail")], ["secret detail"], [undefined], [{ status: 200 }]])(
    "says nothing outside of what was thrown by accident: %j",
    (thrown) => {
      const got = toProxyError(thrown);

      expect(got).toMatchObject({ code: "internal", status: 500, message: "internal error" });
      expect(got.cause).toBe(thrown);
    },
  );
});
