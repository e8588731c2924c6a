import { afterEach, describe, expect, it } from "vitest";
import { ask, open } from "../support/ask.ts";
import {
  chat,
  counts,
  dated,
  doubtful,
  fresh,
  type House,
  leave,
  saysInTurn,
  setUp,
} from "../support/auto-house.ts";
import { eventually } from "../support/daemon.ts";
import type { Fault, Scripted } from "../support/fake-upstream.ts";

afterEach(leave);

const onePlace = "upstream_limits: { in_flight: 1, queue_timeout: 1s }\ntimeouts: { idle: 700ms }";

const placesTaken = async ({ daemon }: House): Promise<number> => {
  const { text } = await ask(`${daemon.url}/api/stats`);
  const { upstreams } = JSON.parse(text) as { upstreams: { name: string; in_flight: number }[] };
  return upstreams.find(({ name }) => name === "local")?.in_flight ?? Number.NaN;
};

/** An answer of `/api/chat` as lines: what it says, then how it ends. */
function lines(messages: readonly object[], end: object = { done_reason: "stop" }): string {
  const head = { model: "tiny", created_at: "2026-11-21T00:00:00Z" };
  const counted = { prompt_eval_count: 3, eval_count: 3, total_duration: 5, load_duration: 1 };
  const last = { ...head, message: { role: "assistant", content: "" }, done: true, ...counted, ...end };
  return [...messages.map((message) => ({ ...head, message, done: false })), last]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

const answers = ({ local }: House, body: string, type = "application/x-ndjson"): void => {
  const scripted: Scripted = { status: 200, headers: { "content-type": type }, body };
  local.respond = ({ path }) => (path === "/api/chat" ? scripted : undefined);
};

const broken: readonly Fault[] = [
  "cut-mid-line",
  "cut-mid-letter",
  "reset-mid-stream",
  "hang-mid-stream",
  "bad-json-later",
  "endless-line",
  "no-final-line",
  "error-line-later",
];

describe("a local answer that fails while its beginning is held", () => {
  it.each(broken)("is asked of the cloud, and gives its place back: %s", async (fault) => {
    const house = await setUp({ yaml: onePlace });
    house.local.fault = fault;

    const answer = await house.ask("/api/chat", chat(fresh, { stream: true }), doubtful);

    expect([answer.status, answer.complete]).toEqual([200, true]);
    expect(answer.headers["x-chasqui-upstream"]).toBe("cloud");
    expect(answer.headers["x-chasqui-escalated"]).toMatch(/^upstream_/);
    expect(counts(house)).toEqual([1, 1, 0]);
    await eventually(async () => (await placesTaken(house)) === 0, "the place is free");
  });

  it.each(broken)("is an error before the first byte when nobody else can be asked: %s", async (fault) => {
    const house = await setUp({ yaml: onePlace });
    house.local.fault = fault;
    house.cloud.faults = ({ path }) =>
      path.endsWith("/chat/completions") ? { kind: "http", status: 500 } : undefined;

    const answer = await house.ask("/api/chat", chat(fresh, { stream: true }), doubtful);

    expect([502, 504]).toContain(answer.status);
    expect(answer.text).toContain("error");
    await eventually(async () => (await placesTaken(house)) === 0, "the place is free");
    house.local.fault = "none";
    expect((await house.ask("/api/chat", chat("hi", { model: "tiny" }))).status).toBe(200);
  });

  it("gives its place back when its client leaves", async () => {
    const house = await setUp({ yaml: "upstream_limits: { in_flight: 1 }" });
    house.local.fault = "hang-mid-stream";

    const asking = open(`${house.daemon.url}/api/chat`, chat(fresh, { stream: true }), { headers: doubtful });
    await eventually(async () => (await placesTaken(house)) === 1, "it is asked");
    await eventually(() => house.local.calls().length === 1, "the model was reached");
    asking.leave();

    await eventually(async () => (await placesTaken(house)) === 0, "the place is free");
    expect(counts(house)).toEqual([1, 0, 0]);
    await eventually(async () => {
      const { text } = await ask(`${house.daemon.url}/api/stats`);
      return text.includes('"499"');
    }, "it is counted as one whose client left");
  });
});

describe("a local answer that is asked for once more at the same server", () => {
  it.each([true, false])("has given its place back before: stream %s", async (stream) => {
    const house = await setUp({
      hasCloud: false,
      yaml: "upstream_limits: { in_flight: 1, queue_timeout: 2s }",
    });
    saysInTurn(house, dated, "Llamas are still doing well.");

    const answer = await house.ask("/api/chat", chat("Mikä laama tiedätkö sinä?", { stream }));

    expect(answer.headers["x-chasqui-escalated"]).toBe("dated");
    expect(answer.text).not.toContain("knowledge cutoff");
    await eventually(async () => (await placesTaken(house)) === 0, "the place is free");
    expect((await house.ask("/api/chat", chat("hi", { model: "tiny" }))).status).toBe(200);
  });
});

describe("a call that is left while the web is searched for it", () => {
  it("is remembered as one whose question had left the house", async () => {
    const house = await setUp();
    house.web.fail({ kind: "slow" });

    const asking = open(`${house.daemon.url}/api/chat`, chat(fresh));
    await eventually(() => house.web.seen.length === 1, "the search has begun");
    asking.leave();

    await eventually(async () => {
      const { text } = await ask(`${house.daemon.url}/api/decisions`);
      const { decisions } = JSON.parse(text) as { decisions: { searched: string }[] };
      return decisions[0]?.searched === "failed";
    }, "the decision tells it");
    expect(counts(house)).toEqual([0, 0, 1]);
  });
});

const call = { role: "assistant", content: "", tool_calls: [{ function: { name: "f", arguments: {} } }] };
const tools = [{ type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }];

describe("a local answer that is held to its end", () => {
  it("is good when it calls a tool and says nothing, as a stream", async () => {
    const house = await setUp();
    answers(house, lines([call]));

    const answer = await house.ask("/api/chat", chat(fresh, { stream: true, tools }), doubtful);

    expect(answer.text).toContain("tool_calls");
    expect(answer.headers["x-chasqui-escalated"]).toBeUndefined();
    expect(counts(house)).toEqual([1, 0, 0]);
  });

  it("is good when it calls a tool and says nothing, as a whole", async () => {
    const house = await setUp();
    const whole = { ...(JSON.parse(lines([])) as object), message: call };
    answers(house, JSON.stringify(whole), "application/json");

    const answer = await house.ask("/api/chat", chat(fresh, { tools }), doubtful);

    expect(answer.text).toContain("tool_calls");
    expect(counts(house)).toEqual([1, 0, 0]);
  });

  it("is good when it says what it is about to look up, and calls a tool, though JSON is asked for", async () => {
    const house = await setUp();
    answers(house, lines([{ ...call, content: "Let me look that up." }]));

    const answer = await house.ask(
      "/api/chat",
      chat(fresh, { stream: true, tools, format: "json" }),
      doubtful,
    );

    expect(answer.headers["x-chasqui-escalated"]).toBeUndefined();
    expect(counts(house)).toEqual([1, 0, 0]);
  });

  it("is not good when it was cut at a length that its client did not ask for", async () => {
    const house = await setUp();
    answers(house, lines([{ role: "assistant", content: "It is about" }], { done_reason: "length" }));

    const answer = await house.ask("/api/chat", chat(fresh, { stream: true }), doubtful);

    expect(answer.headers["x-chasqui-escalated"]).toBe("cut");
    expect(counts(house)).toEqual([1, 1, 0]);
  });

  it("is given as it came when it was cut where its client said", async () => {
    const house = await setUp();
    const said = lines([{ role: "assistant", content: "It is about" }], { done_reason: "length" });
    answers(house, said);

    const more = { stream: true, options: { num_predict: 3 } };
    const answer = await house.ask("/api/chat", chat(fresh, more), doubtful);

    expect(answer.text).toContain('"content":"It is about"');
    expect(counts(house)).toEqual([1, 0, 0]);
  });
});
