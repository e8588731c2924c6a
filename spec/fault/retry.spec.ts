import { describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import type { Fault } from "../support/fake-upstream.ts";
import { noBreaker, quiet, requestLines, stages } from "../support/stage.ts";
import { bodyFor, chatPaths, errorTextOf, framesOf, goodFrames, goodWhole } from "../support/wires.ts";

const setStage = stages();
const both = [["tiny:latest"], ["tiny:latest"]];

const beforeFirstByte: readonly (Fault | "refuse")[] = [
  "refuse",
  "cut-before-headers",
  "reset-before-headers",
  "html-500",
  "html-200",
  "busy-429",
  "busy-503",
  "empty-200",
  "error-line-first",
  "error-line-split",
  "bad-json",
  "cut-first-frame",
];

describe("a second upstream", () => {
  it.for(beforeFirstByte.flatMap((fault) => chatPaths.map((path) => ({ fault, path }))))(
    "answers when the first one fails before its first byte: $fault on $path",
    async ({ fault, path }) => {
      const stage = await setStage({ models: both });
      if (fault === "refuse") await stage.one.refuse();
      else stage.one.fault = fault;

      const answer = await ask(stage.url(path), bodyFor(path, true));

      expect(answer.status).toBe(200);
      expect(answer.text).toBe(goodFrames(path).join(""));
      expect(answer.headers["x-chasqui-upstream"]).toBe("two");
      expect(answer.headers["x-chasqui-hops"]).toMatch(/^one=upstream_/);
      // Twice when an idle connection had died: that is tried once more on a fresh one.
      expect(stage.one.calls().length).toBeLessThanOrEqual(2);
      expect(stage.two.calls()).toHaveLength(1);
      await quiet(stage);
    },
  );

  it.for(["cut-mid-line", "reset-mid-stream", "no-final-line"] as const)(
    "is never asked once a byte went to the client: %s",
    async (fault) => {
      const stage = await setStage({ models: both });
      stage.one.fault = fault;

      const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

      const last = framesOf("/api/chat", answer.text).at(-1) ?? "";
      expect(errorTextOf("/api/chat", last)).toMatch(/upstream one/);
      expect(stage.two.calls()).toEqual([]);
    },
  );

  it("answers whole what the first one cut, as nothing of a whole answer was sent", async () => {
    const stage = await setStage({ models: both });
    stage.one.fault = "cut-mid-line";

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", false));

    expect(answer.text).toBe(goodWhole("/api/chat"));
    expect(answer.headers["x-chasqui-upstream"]).toBe("two");
  });

  it("is not asked by a client that insists on the first one", async () => {
    const stage = await setStage({ models: both });
    stage.one.fault = "html-500";

    const headers = { "x-chasqui-upstream": "one" };
    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true), { headers });

    expect(answer.status).toBe(502);
    expect(stage.two.calls()).toEqual([]);
  });

  it("is not asked when the client is at fault", async () => {
    const stage = await setStage({ models: both });
    stage.one.respond = (seen) =>
      seen.path === "/api/chat"
        ? { status: 400, body: '{"error":"\\"tiny\\" does not support thinking"}' }
        : undefined;

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    expect(answer.status).toBe(400);
    expect(answer.text).toBe('{"error":"\\"tiny\\" does not support thinking"}');
    expect(stage.two.calls()).toEqual([]);
  });

  it("is asked when the first one has just lost the model", async () => {
    const stage = await setStage({ models: both });
    stage.one.respond = (seen) =>
      seen.path === "/api/chat" ? { status: 404, body: `{"error":"model 'tiny' not found"}` } : undefined;

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("two");
    expect(answer.complete).toBe(true);
  });

  it("gets a request that changes something only once", async () => {
    const stage = await setStage({ models: both });
    stage.one.respond = ({ path }) => (path === "/api/pull" ? { status: 500, body: "oops" } : undefined);

    const answer = await ask(stage.url("/api/pull"), { model: "new" });

    expect(answer.status).toBe(502);
    expect(stage.two.calls()).toEqual([]);
  });
});

describe("retries", () => {
  it("never ask more upstreams than retry.attempts", async () => {
    const stage = await setStage({
      models: [...both, ["tiny:latest"]],
      yaml: `${noBreaker}\nretry: { attempts: 2 }`,
    });
    for (const upstream of stage.upstreams) upstream.fault = "html-500";

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    expect(answer.status).toBe(502);
    expect(stage.upstreams.map((one) => one.calls().length)).toEqual([1, 1, 0]);
  });

  it("add no more than a burst and their share to the load of an outage", async () => {
    const stage = await setStage({ models: both, yaml: `${noBreaker}\nretry: { share: 0.2 }` });
    stage.one.fault = "html-500";
    stage.two.fault = "html-500";
    const requests = 60;
    for (let done = 0; done < requests; done++) await ask(stage.url("/api/chat"), bodyFor("/api/chat", true));

    const attempts = stage.one.calls().length + stage.two.calls().length;

    expect(attempts).toBeGreaterThan(requests);
    expect(attempts).toBeLessThanOrEqual(requests + 10 + requests * 0.2);
  });

  it("leave one line in the log, which names the hops", async () => {
    const stage = await setStage({ models: both });
    stage.one.fault = "html-500";

    await ask(stage.url("/api/chat"), bodyFor("/api/chat", true), { headers: { "x-request-id": "hop-1" } });

    await quiet(stage);
    const lines = requestLines(stage, "hop-1");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status: 200, upstream: "two", hops: 1 });
  });
});

describe("an idle connection that the upstream closes as it is used again", () => {
  it("costs the client nothing: the request goes out on a new one", async () => {
    const stage = await setStage();
    await ask(stage.url("/api/chat"), bodyFor("/api/chat", false));
    stage.one.closesIdle = true;

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", false));

    expect(answer.text).toBe(goodWhole("/api/chat"));
  });
});
