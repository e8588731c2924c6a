import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { anthropicClientSuite } from "../support/client-suites/anthropic.ts";
import { ollamaClientSuite } from "../support/client-suites/ollama.ts";
import { openaiClientSuite } from "../support/client-suites/openai.ts";
import { type SpawnedDaemon, spawnDaemon } from "../support/daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { type RunningKind, upstreamKinds } from "../support/upstream-kinds.ts";

describe.each(upstreamKinds)("in front of $name", (kind) => {
  let running: RunningKind | undefined;
  const at = (): RunningKind => {
    if (running === undefined) throw new Error("it did not start");
    return running;
  };

  // A first start may have to install the server.
  beforeAll(async () => {
    if (kind.canRun) running = await kind.start();
  }, 120_000);
  beforeEach((context) => context.skip(!kind.canRun, kind.whyNot));
  afterAll(() => running?.stop());

  describe("the official ollama client", () => ollamaClientSuite(kind, at));
  describe("the official openai client", () => openaiClientSuite(kind, at));
  describe("the official anthropic client", () => anthropicClientSuite(kind, at));
});

describe("in front of an OpenRouter that rejects the key", () => {
  let fake: FakeOpenRouter;
  let daemon: SpawnedDaemon;

  beforeAll(async () => {
    fake = await startFakeOpenRouter();
    daemon = await spawnDaemon(["--upstream", `openrouter=${fake.url}`], {
      OPENROUTER_API_KEY: "sk-or-v1-wrong",
    });
  });
  afterAll(async () => {
    await daemon.stop();
    await fake.stop();
  });

  const model = "openai/gpt-4o-mini";
  const messages = [{ role: "user" as const, content: "say hello" }];
  const options = { apiKey: "ignored", maxRetries: 0 };
  const ask: Readonly<Record<string, () => Promise<unknown>>> = {
    ollama: () => new Ollama({ host: daemon.url }).chat({ model, messages }),
    openai: () =>
      new OpenAI({ ...options, baseURL: `${daemon.url}/v1` }).chat.completions.create({ model, messages }),
    anthropic: () =>
      new Anthropic({ ...options, baseURL: daemon.url }).messages.create({ model, messages, max_tokens: 99 }),
  };

  it.each(Object.keys(ask))("the %s client is not told that its own key is wrong", async (client) => {
    const thrown: unknown = await ask[client]?.().catch((error: unknown) => error);

    expect(thrown).toBeInstanceOf(Error);
    const { status, status_code = status, message } = thrown as Record<string, unknown>;
    expect([502, 503]).toContain(status_code);
    expect(message).not.toContain("sk-or-v1");
    expect(daemon.output()).not.toContain("sk-or-v1");
    expect(fake.bill.size).toBe(0);
  });
});
