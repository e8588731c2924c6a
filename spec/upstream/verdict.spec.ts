import { describe, expect, it } from "vitest";
import { verdictOn, type Refusal } from "../../src/upstream/verdict.ts";

const refusal = (status: number, body: string, more: Partial<Refusal> = {}): Refusal => ({
  upstream: "one",
  operation: "chat",
  status,
  contentType: "application/json; charset=utf-8",
  retryAfter: undefined,
  body: Buffer.from(body),
  ...more,
});

const said = (text: string): string => JSON.stringify({ error: text });

describe("the verdict on an error status", () => {
  it.each([
    { what: "a bad request", status: 400, text: "invalid format", code: "upstream_rejected" },
    { what: "a request too large", status: 413, text: "too large", code: "upstream_rejected" },
    {
      what: "a bad option",
      status: 500,
      text: 'option "seed" must be of type integer',
      code: "upstream_rejected",
    },
    { what: "a bad template", status: 500, text: "template: :1: unclosed action", code: "upstream_rejected" },
    { what: "an unknown model", status: 404, text: "model 'x' not found", code: "model_not_found" },
    { what: "a full queue", status: 503, text: "server busy, please try again.", code: "upstream_busy" },
    { what: "a rate limit", status: 429, text: "slow down", code: "upstream_busy" },
    { what: "a loop", status: 508, text: "leads back", code: "loop_detected" },
    {
      what: "a dead runner",
      status: 500,
      text: "an error was encountered while running the model: unexpected EOF",
      code: "upstream_failed",
    },
    {
      what: "a runner that stopped",
      status: 500,
      text: "model runner has unexpectedly stopped",
      code: "upstream_failed",
    },
  ])("calls $what $code", ({ status, text, code }) => {
    expect(verdictOn(refusal(status, said(text))).code).toBe(code);
  });

  it.each([400, 404, 413, 429, 500, 503])("keeps what Ollama said with %s, byte for byte", (status) => {
    const body = '{"error":"option \\u003cx\\u003e must be of type float32", "n":12345678901234567890}';

    const verdict = verdictOn(refusal(status, body));

    expect(verdict.status).toBe(status);
    expect(Buffer.from(verdict.answer?.body ?? []).toString()).toBe(body);
  });

  it.each([301, 302, 500, 502, 503, 504])(
    "keeps a page of something in between from the client: %s",
    (status) => {
      const verdict = verdictOn(refusal(status, "<html>nginx</html>", { contentType: "text/html" }));

      expect(verdict.answer).toBeUndefined();
      expect(verdict.message).not.toContain("nginx");
      expect(verdict.status).toBeGreaterThanOrEqual(500);
      expect(verdict.retryable).toBe(true);
    },
  );

  it.each([400, 404, 429, 503])("never holds %s against the upstream's health", (status) => {
    expect(verdictOn(refusal(status, said("no"))).unhealthy).toBe(false);
  });

  it.each([401, 403])("turns %s into a 502 that repeats nothing", (status) => {
    const verdict = verdictOn(refusal(status, said("bad key sk-secret")));

    expect(verdict.status).toBe(502);
    expect(verdict.message).not.toContain("sk-secret");
    expect(verdict.answer).toBeUndefined();
  });

  it("passes an invitation to sign in on", () => {
    const body = '{"error":"unauthorized","signin_url":"https://ollama.com/connect"}';

    const verdict = verdictOn(refusal(401, body));

    expect(verdict.status).toBe(401);
    expect(Buffer.from(verdict.answer?.body ?? []).toString()).toBe(body);
  });

  it("passes a 401 on that answers a question about the account", () => {
    expect(verdictOn(refusal(401, said("unauthorized"), { operation: "account" })).status).toBe(401);
  });

  it.each([
    { retryAfter: "7", wantMs: 7_000 },
    { retryAfter: "86400", wantMs: 60_000 },
    { retryAfter: "-5", wantMs: 1_000 },
    { retryAfter: "soon", wantMs: 1_000 },
    { retryAfter: undefined, wantMs: 1_000 },
  ])("reads Retry-After $retryAfter as $wantMs ms", ({ retryAfter, wantMs }) => {
    expect(verdictOn(refusal(429, said("busy"), { retryAfter })).retryAfterMs).toBe(wantMs);
  });

  it("reads the error of the other dialects too", () => {
    const verdict = verdictOn(
      refusal(400, '{"error":{"message":"too long","type":"invalid_request_error"}}'),
    );

    expect(verdict.message).toBe("too long");
    expect(verdict.code).toBe("upstream_rejected");
  });

  it.each(['"text"', "null", "[]", '{"error":7}', '{"error":{"message":7}}', "", "{"])(
    "does not stumble over an odd body: %s",
    (body) => {
      expect(verdictOn(refusal(500, body)).code).toBe("upstream_failed");
    },
  );

  it("keeps what others said out of the log", () => {
    expect(verdictOn(refusal(400, said("your prompt was: secret"))).quoted).toBe(true);
  });
});
