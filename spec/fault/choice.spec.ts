import { describe, expect, it } from "vitest";
import { ask, open } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { stages } from "../support/stage.ts";
import { bodyFor, goodFrames } from "../support/wires.ts";

const setStage = stages();
const both = [["tiny:latest"], ["tiny:latest"]];

describe("the choice among upstreams", () => {
  it("prefers the one that has the model in its memory", async () => {
    const stage = await setStage({
      models: both,
      prepare: ([, two]) => void two?.loaded.push("tiny:latest"),
    });

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("two");
  });

  it("takes the least busy one otherwise", async () => {
    const stage = await setStage({
      models: both,
      prepare: (all) => all.forEach((one) => one.loaded.push("tiny:latest")),
    });
    stage.one.fault = "hang-before-headers";
    const busy = open(stage.url("/api/chat"), bodyFor("/api/chat", true));
    await eventually(() => stage.one.calls().length === 1, "the first one is busy");

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("two");
    stage.one.release();
    await busy.answer;
  });

  it("skips upstreams that lack the model", async () => {
    const stage = await setStage({ models: [["other:latest"], ["tiny:latest"]] });

    const answers = await Promise.all(
      [1, 2, 3].map(() => ask(stage.url("/api/chat"), bodyFor("/api/chat", true))),
    );

    expect(answers.map((one) => one.headers["x-chasqui-upstream"])).toEqual(["two", "two", "two"]);
    expect(stage.one.calls()).toEqual([]);
  });

  it.for(["TINY", "tiny:latest", "library/tiny", "registry.ollama.ai/library/tiny:latest", " tiny "])(
    "knows a model by any spelling of its name: %s",
    async (name) => {
      const stage = await setStage({ models: [["other:latest"], ["tiny:latest"]] });

      const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, name));

      expect(answer.headers["x-chasqui-upstream"]).toBe("two");
    },
  );

  it("says that a model is unknown without asking anyone to run it", async () => {
    const stage = await setStage({ models: both });

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "nope"));

    expect(answer.status).toBe(404);
    expect(answer.text).toBe(`{"error":"model 'nope' not found"}`);
    expect([...stage.one.calls(), ...stage.two.calls()]).toEqual([]);
  });
});

describe("the lists of models", () => {
  const rarely = "catalog: { refresh: 1h }";

  it("are looked up anew for a model that an upstream just got", async () => {
    const stage = await setStage({ yaml: rarely });
    stage.one.models.push("new:latest");

    await eventually(async () => {
      const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "new"));
      return answer.status === 200 && answer.text === goodFrames("/api/chat").join("");
    }, "the new model answers");
  });

  it("show a model as soon as it was pulled through the daemon", async () => {
    const stage = await setStage({ yaml: rarely });

    const pulled = await ask(stage.url("/api/pull"), { model: "fresh" });
    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "fresh"));

    expect(pulled.text).toContain('{"status":"success"}');
    expect(answer.status).toBe(200);
  });

  it("are kept and marked when the upstream dies", async () => {
    const stage = await setStage({ yaml: "catalog: { refresh: 20ms }" });
    const before = await ask(stage.url("/api/tags"));
    await stage.one.refuse();

    await eventually(
      async () => (await ask(stage.url("/api/tags"))).headers["x-chasqui-stale"] === "one",
      "the list is marked stale",
    );

    const after = await ask(stage.url("/api/tags"));
    expect(before.headers["x-chasqui-stale"]).toBeUndefined();
    expect(after.status).toBe(200);
    expect(after.text).toBe(before.text);
  });

  it("lose their mark when it is back", async () => {
    const stage = await setStage({
      yaml: "catalog: { refresh: 20ms }\nbreaker: { cooldown: 20ms, cooldown_max: 20ms }",
    });
    const isStale = async (): Promise<boolean> =>
      (await ask(stage.url("/api/tags"))).headers["x-chasqui-stale"] !== undefined;
    await stage.one.refuse();
    await eventually(isStale, "the list is marked stale");

    await stage.one.accept();

    await eventually(async () => !(await isStale()), "the list is fresh again");
  });

  it("come within the wait for lists when an upstream does not answer", async () => {
    const stage = await setStage({ models: [["tiny:latest"], ["other:latest"]], yaml: rarely });
    stage.one.control = "hang";

    await eventually(async () => {
      const { text } = await ask(stage.url("/api/tags"));
      expect(text).toContain("tiny:latest");
      expect(text).toContain("other:latest");
      return stage.one.seen.some((one) => one.ended === undefined) || stage.one.to("/api/tags").length > 1;
    }, "a look is under way and the list came nevertheless");
  });
});

describe("a change of models", () => {
  const shared = { models: [["tiny:latest", "a:latest"], ["tiny:latest"], ["b:latest"]] };

  it("deletes a model wherever it is", async () => {
    const stage = await setStage(shared);

    const answer = await ask(stage.url("/api/delete"), { model: "tiny" }, { method: "DELETE" });

    expect(answer.status).toBe(200);
    expect(stage.upstreams.map((one) => one.models)).toEqual([["a:latest"], [], ["b:latest"]]);
    expect((await ask(stage.url("/api/tags"))).text).not.toContain("tiny");
  });

  it("copies a model wherever it is", async () => {
    const stage = await setStage(shared);

    const answer = await ask(stage.url("/api/copy"), { source: "tiny", destination: "mine" });

    expect(answer.status).toBe(200);
    expect(stage.upstreams.map((one) => one.models.includes("mine:latest"))).toEqual([true, true, false]);
    expect((await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "mine"))).status).toBe(200);
  });

  it("deletes at the other holders although the first one has lost the model meanwhile", async () => {
    const stage = await setStage(shared);
    stage.one.models = ["a:latest"];

    const answer = await ask(stage.url("/api/delete"), { model: "tiny" }, { method: "DELETE" });

    expect(answer.status).toBe(200);
    expect(stage.two.models).toEqual([]);
  });

  it("says that nobody has the model that is to go", async () => {
    const stage = await setStage(shared);

    const answer = await ask(stage.url("/api/delete"), { model: "nope" }, { method: "DELETE" });

    expect(answer.status).toBe(404);
    expect(answer.text).toBe(`{"error":"model 'nope' not found"}`);
  });
});
