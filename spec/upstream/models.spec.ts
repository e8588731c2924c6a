import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/time.ts";
import { createOllamaUpstream } from "../../src/upstream/ollama.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";

let server: FakeUpstream;
let upstream: Upstream;

beforeEach(async () => {
  server = await startFakeUpstream([]);
  upstream = createOllamaUpstream(
    {
      name: "one",
      url: server.url,
      configured: true,
      isCloud: false,
      apiKey: undefined,
      inFlightMax: 4,
      queueMax: 4,
      queueWaitMs: 1_000,
      timeouts: { connectMs: 2_000, firstByteMs: 0, idleMs: 0, totalMs: 0 },
      keepAliveMs: 1_000,
      breaker: {
        failuresMax: 5,
        refusalsMax: 3,
        sampleMin: 20,
        failureShare: 0.5,
        windowMs: 10_000,
        cooldownMs: 3_600_000,
        cooldownMaxMs: 3_600_000,
      },
      probeWaitMs: 2_000,
    },
    { clock: systemClock, random: () => 1, onState: () => undefined },
  );
});

afterEach(async () => {
  upstream.close();
  await server.stop();
});

const answersTags = (body: string, status = 200): void => {
  server.respond = ({ path }) => (path === "/api/tags" ? { status, body } : undefined);
};

describe("the models of an upstream", () => {
  it("are known by the key of their name, in the order of the list", async () => {
    server.models = ["B:latest", "a:7b", "hf.co/user/m:q4"];

    await upstream.refresh();

    expect([...upstream.models.byKey.keys()]).toEqual([
      "registry.ollama.ai/library/b:latest",
      "registry.ollama.ai/library/a:7b",
      "hf.co/user/m:q4",
    ]);
    expect(upstream.models.byKey.get("registry.ollama.ai/library/b:latest")?.name).toBe("B:latest");
  });

  it("keep what the upstream wrote of them, unknown keys included", async () => {
    answersTags('{"models":[{"name":"a:latest","size":5,"x_new":{"k":[1]}}]}');

    await upstream.refresh();

    expect([...upstream.models.byKey.values()]).toEqual([{ name: "a:latest", size: 5, x_new: { k: [1] } }]);
  });

  it("may be named by `model` alone", async () => {
    answersTags('{"models":[{"model":"a:latest"}]}');

    await upstream.refresh();

    expect([...upstream.models.byKey.keys()]).toEqual(["registry.ollama.ai/library/a:latest"]);
  });

  it("leave out entries that are no models", async () => {
    answersTags('{"models":[null,7,"x",{},{"name":7},{"name":"bad name!"},{"name":"good"}]}');

    await upstream.refresh();

    expect([...upstream.models.byKey.keys()]).toEqual(["registry.ollama.ai/library/good:latest"]);
  });

  it.each([
    ["{}", 200],
    ['{"models":null}', 200],
    ["[]", 200],
    ["<html></html>", 200],
    ["", 200],
    ['{"models":[]}', 500],
  ])("stay as they were, marked stale, when the list becomes %s with status %s", async (body, status) => {
    server.models = ["a:latest"];
    await upstream.refresh();
    answersTags(body, status);

    await upstream.refresh();

    expect([...upstream.models.byKey.keys()]).toEqual(["registry.ollama.ai/library/a:latest"]);
    expect(upstream.models.stale).toBe(true);
    expect(upstream.health.state).toBe("up");
  });

  it("are fresh again after a good look", async () => {
    server.models = ["a:latest"];
    await upstream.refresh();
    answersTags("oops", 500);
    await upstream.refresh();
    server.respond = undefined;
    server.models = ["b:latest"];

    await upstream.refresh();

    expect([...upstream.models.byKey.keys()]).toEqual(["registry.ollama.ai/library/b:latest"]);
    expect(upstream.models.stale).toBe(false);
    expect(upstream.health.state).toBe("up");
  });

  it("count as warm when they are loaded, and once they were used", async () => {
    server.models = ["a:latest", "b:latest"];
    server.loaded = ["a:latest"];
    await upstream.refresh();

    upstream.noteLoaded("registry.ollama.ai/library/b:latest");
    upstream.noteLoaded("registry.ollama.ai/library/unknown:latest");

    expect([...upstream.models.warm]).toEqual([
      "registry.ollama.ai/library/a:latest",
      "registry.ollama.ai/library/b:latest",
    ]);
    expect([...upstream.models.loaded.keys()]).toEqual(["registry.ollama.ai/library/a:latest"]);
  });

  it("come with the version of the server", async () => {
    await upstream.refresh();

    expect(upstream.models.version).toBe("0.33.0");
  });

  it.each(["{}", '{"version":7}', "ok"])("need a server that says its version, not %s", async (body) => {
    server.respond = ({ path }) => (path === "/api/version" ? { status: 200, body } : undefined);

    await upstream.refresh();

    expect(upstream.health.state).toBe("down");
  });
});
