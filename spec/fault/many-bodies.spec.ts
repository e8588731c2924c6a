import { afterEach, describe, expect, it } from "vitest";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";

const body = (letters: number): string =>
  JSON.stringify({
    model: "tiny",
    stream: false,
    messages: [{ role: "user", content: "x".repeat(letters) }],
  });

describe("many large requests at once", () => {
  let upstream: FakeUpstream | undefined;
  let daemon: RunningDaemon | undefined;

  afterEach(async () => {
    await daemon?.stop();
    await upstream?.stop();
  });

  const held = async (): Promise<number> => {
    const stats = (await (await fetch(`${daemon?.url}/api/stats`)).json()) as { held_body_bytes: number };
    return stats.held_body_bytes;
  };
  const ask = (letters: number): Promise<Response> =>
    fetch(`${daemon?.url}/api/chat`, { method: "POST", body: body(letters) });

  it("are refused when their bodies together take more than the limit, and answered when there is room again", async () => {
    upstream = await startFakeUpstream();
    daemon = await startDaemon(
      `upstreams: [{ url: "${upstream.url}" }]\nserver: { held_bodies_limit: 300KiB }\n`,
    );
    upstream.fault = "hang-before-headers";
    const first = ask(200_000);
    await eventually(async () => (await held()) > 200_000, "the first body is held");

    const waiting = upstream;
    await eventually(() => waiting.to("/api/chat").length === 1, "the first one is asked");
    const refused = await ask(200_000);
    upstream.release();
    const answered = await first;
    await answered.text();
    upstream.fault = "none";
    await eventually(async () => (await held()) === 0, "nothing is held any more");
    const again = await ask(200_000);

    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toEqual({ error: "too many large requests at once" });
    expect(answered.status).toBe(200);
    expect(again.status).toBe(200);
    await again.text();
  });
});
