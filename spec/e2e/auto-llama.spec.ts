import { Ollama } from "ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { type FakeSearch, startFakeSearch } from "../support/fake-search.ts";
import {
  hasLlamaServer,
  type LlamaServer,
  startLlamaServer,
  whyWithoutLlamaServer,
} from "../support/llama-server.ts";

if (!hasLlamaServer) console.log(`auto with a real llama-server is skipped: ${whyWithoutLlamaServer}`);

const local = "Hello, world! <b>&é";

describe.skipIf(!hasLlamaServer)("the model auto, with a real llama-server in the house", () => {
  let llama: LlamaServer;
  let cloud: FakeOpenRouter;
  let web: FakeSearch;
  let daemon: RunningDaemon;
  let client: Ollama;

  beforeAll(async () => {
    [llama, cloud, web] = await Promise.all([
      startLlamaServer("hello"),
      startFakeOpenRouter(),
      startFakeSearch("searxng"),
    ]);
    daemon = await startDaemon(
      [
        "demo: off",
        "upstreams:",
        `  - { type: llama-server, name: llama, url: "${llama.url}" }`,
        `  - { type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}" }`,
        `search: { providers: [{ type: searxng, url: "${web.url}" }] }`,
        'money: { baseline: "openai/gpt-4o-mini" }',
      ].join("\n"),
    );
    client = new Ollama({ host: daemon.url });
  }, 90_000);
  afterAll(async () => {
    await daemon.stop();
    await Promise.all([llama.stop(), cloud.stop(), web.stop()]);
  });

  const say = async (content: string, stream: boolean): Promise<string> => {
    const messages = [{ role: "user", content }];
    if (!stream) return (await client.chat({ model: "auto", messages })).message.content;
    let text = "";
    for await (const part of await client.chat({ model: "auto", messages, stream: true }))
      text += part.message.content;
    return text;
  };

  it.each([true, false])("takes three routes, stream %s", async (stream) => {
    const [calls, searches] = [cloud.to("/chat/completions").length, web.seen.length];

    expect(await say("hi there", stream)).toBe(local);
    expect([cloud.to("/chat/completions").length, web.seen.length]).toEqual([calls, searches]);

    const searched = await say("What is the price of bitcoin today?", stream);
    expect(searched).toContain(local);
    expect(searched).toContain("Sources:");
    expect(searched).toContain("https://example.org/llamas");

    const hard = await say(
      "Prove that every bounded linear operator on a Hilbert space has an adjoint, and show when it is compact.",
      stream,
    );
    expect(hard).not.toContain(local);
    expect(cloud.to("/chat/completions")).toHaveLength(calls + 1);
  });
});
