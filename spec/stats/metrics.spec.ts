import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/core/error.ts";
import { createMetrics } from "../../src/stats/metrics.ts";
import { createRecord, noteError, type CallRecord } from "../../src/stats/record.ts";

const record = (fields: Partial<CallRecord> = {}): CallRecord =>
  Object.assign(createRecord("1", "POST"), fields);

describe("metrics", () => {
  it("count requests by what they were and how they ended", () => {
    const metrics = createMetrics();
    for (const status of [200, 200, 503]) {
      metrics.requestStarted();
      metrics.requestEnded(record({ endpoint: "/api/chat", status, upstream: "one", lane: "relay" }), 10);
    }

    const { requests } = metrics.snapshot();

    expect(requests).toMatchObject({
      total: 3,
      in_flight: 0,
      by_endpoint: { "/api/chat": 3 },
      by_status: { "200": 2, "503": 1 },
      by_upstream: { one: 3 },
    });
  });

  it("know how many requests are under way", () => {
    const metrics = createMetrics();
    metrics.requestStarted();
    metrics.requestStarted();

    metrics.requestEnded(record(), 1);

    expect(metrics.snapshot().requests.in_flight).toBe(1);
  });

  it("count a client that left before any answer as 499", () => {
    const metrics = createMetrics();

    metrics.requestEnded(record({ status: 0 }), 1);

    expect(metrics.snapshot().requests.by_status).toEqual({ "499": 1 });
  });

  it("add tokens up", () => {
    const metrics = createMetrics();
    metrics.requestEnded(record({ usage: { inputTokens: 3, outputTokens: 5 } }), 1);

    metrics.requestEnded(record({ usage: { inputTokens: 10, outputTokens: 20 } }), 1);

    expect(metrics.snapshot().tokens).toEqual({ input: 13, output: 25 });
  });

  it("leave what Chasqui answers itself out of the latencies", () => {
    const metrics = createMetrics();
    metrics.requestEnded(record({ lane: "local" }), 5);

    metrics.requestEnded(record({ lane: "relay", firstByteMs: 20 }), 100);

    const { total, first_byte } = metrics.snapshot().latency_ms;
    expect(total.count).toBe(1);
    expect(first_byte.count).toBe(1);
    expect(total.p50).toBeGreaterThanOrEqual(100);
    expect(total.p50).toBeLessThanOrEqual(112.5);
  });

  it("blame an upstream only for its own failures", () => {
    const metrics = createMetrics();
    metrics.attemptEnded("one", undefined);
    metrics.attemptEnded("one", new ProxyError("upstream_broken", "broke off"));

    metrics.attemptEnded("one", new ProxyError("client_closed", "left"));

    expect(metrics.snapshot().attempts).toEqual({ one: { ok: 1, failed: 1 } });
  });

  it("count bytes that were no request", () => {
    const metrics = createMetrics();

    metrics.malformed();

    expect(metrics.snapshot().requests.malformed).toBe(1);
  });

  it("hand out copies: an older snapshot stays as it was", () => {
    const metrics = createMetrics();
    metrics.attemptEnded("one", undefined);
    const before = metrics.snapshot();

    metrics.attemptEnded("one", undefined);
    metrics.requestEnded(record({ usage: { inputTokens: 1, outputTokens: 1 } }), 1);

    expect(before.attempts).toEqual({ one: { ok: 1, failed: 0 } });
    expect(before.tokens).toEqual({ input: 0, output: 0 });
  });
});

describe("the record of a request", () => {
  it("keeps the first failure: later ones are its consequences", () => {
    const one = record();
    noteError(one, new ProxyError("client_closed", "the client left"));

    noteError(one, new ProxyError("upstream_broken", "broke off", { upstream: "x" }));

    expect(one).toMatchObject({ error: "client_closed", errorText: "the client left", upstream: undefined });
  });

  it("never keeps what a client or an upstream said", () => {
    const one = record();

    noteError(
      one,
      new ProxyError("upstream_failed", "your prompt was: secret", { quoted: true, upstream: "x" }),
    );

    expect(one).toMatchObject({ error: "upstream_failed", errorText: undefined, upstream: "x" });
  });
});
