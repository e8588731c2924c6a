import { Ollama } from "ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
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
        "context: { policy: trim }",
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

  it("trims a conversation that is too long for every model in the house, as it does for one by its name", async () => {
    // Letters that no tokenizer puts together: the count is the model's own.
    const rare = "\ua000\ua001\ua002\ua003".repeat(120);
    const turn = (nth: number): { role: string; content: string }[] => [
      { role: "user", content: `${nth}: ${rare}` },
      { role: "assistant", content: "ok" },
    ];
    const messages = [...Array.from({ length: 40 }, (_, nth) => turn(nth)).flat(), ...turn(41).slice(0, 1)];
    const answer = await ask(`${daemon.url}/api/chat`, { model: "auto:local", stream: false, messages });

    expect([answer.status, answer.headers["x-chasqui-context"]]).toEqual([
      200,
      expect.stringMatching(/^trimmed messages=\d+$/),
    ]);
    expect(answer.headers["x-chasqui-reasons"]).toContain("its oldest turns are left out");
    expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
  });

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
