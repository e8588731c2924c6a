import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(yaml: string): Promise<RunningDaemon> {
  const running = await startDaemon(yaml);
  closers.push(() => running.stop());
  return running;
}

async function upstream(): Promise<FakeUpstream> {
  const started = await startFakeUpstream();
  closers.push(() => started.stop());
  return started;
}

/** A place where nobody listens. */
async function nobody(): Promise<string> {
  const started = await startFakeUpstream();
  await started.stop();
  return started.url;
}

async function readiness({ url }: RunningDaemon): Promise<[number, unknown]> {
  const { status, text } = await ask(`${url}/readyz`);
  return [status, JSON.parse(text)];
}

describe("/readyz", () => {
  it("is 503 when every configured server is down, although the demo model would answer", async () => {
    const yaml = `demo: auto\nupstreams: [{ name: a, url: "${await nobody()}" }, { name: b, url: "${await nobody()}" }]\n`;
    const running = await start(yaml);

    const got = await readiness(running);

    expect(got).toEqual([503, { status: "no upstream", down: ["a", "b"] }]);
    const tags = await ask(`${running.url}/api/tags`);
    expect(tags.text).toContain("demo");
  });

  it.each(["auto", "on", "off"])("names those that are down while others are up, demo %s", async (demo) => {
    const { url } = await upstream();
    const gone = await nobody();
    const running = await start(
      `demo: ${demo}\nupstreams: [{ name: a, url: "${url}" }, { name: b, url: "${gone}" }]\n`,
    );

    expect(await readiness(running)).toEqual([200, { status: "degraded", down: ["b"] }]);
  });

  it("is 200 when all are up", async () => {
    const { url } = await upstream();
    const running = await start(`upstreams: [{ name: a, url: "${url}" }]\n`);

    expect(await readiness(running)).toEqual([200, { status: "ready" }]);
  });

  it("is 200 for the demo model alone when no server is configured", async () => {
    // A daemon at Ollama's own address looks for no Ollama there.
    const running = await start("demo: auto\nserver: { listen: 127.0.0.1:11434 }\n");

    expect(await readiness(running)).toEqual([200, { status: "ready" }]);
  });

  it("turns to 503 when the only server goes, and back when it is there again", async () => {
    const one = await upstream();
    const running = await start(
      `breaker: { refusals: 1, failures: 1, cooldown: 10ms, cooldown_max: 10ms }\nupstreams: [{ name: a, url: "${one.url}" }]\n`,
    );
    await one.refuse();
    await ask(`${running.url}/api/chat`, { model: "tiny", messages: [] });

    await eventually(async () => (await readiness(running))[0] === 503, "it is not ready");

    await one.accept();
    await eventually(async () => (await readiness(running))[0] === 200, "it is ready again");
  });

  it("is 503 while the daemon drains, which still answers", async () => {
    const { url } = await upstream();
    const running = await start(`upstreams: [{ name: a, url: "${url}" }]\n`);

    running.daemon.beginDrain();

    expect(await readiness(running)).toEqual([503, { status: "draining" }]);
    expect((await ask(`${running.url}/api/tags`)).status).toBe(200);
  });
});
