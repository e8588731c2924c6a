import { Ollama } from "ollama";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { ask } from "../support/ask.ts";
import {
  chat,
  counts,
  dated,
  doubtful,
  easy,
  fresh,
  hard,
  type House,
  leave,
  says,
  saysInTurn,
  setUp,
} from "../support/auto-house.ts";
import { startDaemon } from "../support/daemon.ts";

afterEach(leave);

describe("the model auto, asked by the official client", () => {
  it.each([
    ["an easy question", easy, "low", [1, 0, 0]],
    ["a fresh one", fresh, "medium", [1, 0, 1]],
    ["a hard one", hard, "high", [0, 1, 0]],
  ])("answers %s by its own route", async (_name, content, tier, wanted) => {
    const house = await setUp();
    const client = new Ollama({ host: house.daemon.url });

    const answer = await client.chat({ model: "auto", messages: [{ role: "user", content }] });

    expect(answer.model).toBe("auto");
    expect(answer.message.content).not.toBe("");
    const [first] = await decisionsOf(house);
    expect(first).toMatchObject({ tier, asked_model: "auto" });
    expect(counts(house)).toEqual(wanted);
  });

  it("is listed and shown", async () => {
    const { daemon } = await setUp();
    const client = new Ollama({ host: daemon.url });

    expect((await client.list()).models.map(({ name }) => name)).toContain("auto");
    expect((await client.show({ model: "auto" })).capabilities).toContain("completion");
    const { text } = await ask(`${daemon.url}/v1/models`);
    expect(text).toContain('"auto"');
  });
});

describe("the page of a model", () => {
  const names = ["auto", "AUTO", "auto:latest", "auto:local", "auto:cloud", "auto:fast"];

  it.each([true, false])("is there for each name of auto: while a server is up: %s", async (isUp) => {
    const daemon = isUp
      ? (await setUp()).daemon
      : await startDaemon("demo: off\nupstreams: [{ name: gone, url: 127.0.0.1:1 }]");
    if (!isUp) onTestFinished(() => daemon.stop());

    for (const model of names) {
      const { status, text } = await ask(`${daemon.url}/v1/models/${model}`);
      expect([status, JSON.parse(text)], model).toMatchObject([200, { id: model, object: "model" }]);
      expect((await ask(`${daemon.url}/api/show`, { model })).status, model).toBe(200);
    }
    expect((await ask(`${daemon.url}/v1/models/auto:other`)).status).toBe(404);
  });

  it("is not there for auto while routing is off", async () => {
    const { daemon } = await setUp({ yaml: "routing: { enabled: false }" });

    expect((await ask(`${daemon.url}/v1/models/auto`)).status).toBe(404);
  });
});

const decisionsOf = async (house: House): Promise<Record<string, unknown>[]> => {
  const { text } = await house.ask("/api/decisions", undefined as never);
  return (JSON.parse(text) as { decisions: Record<string, unknown>[] }).decisions;
};

describe("every answer", () => {
  it.each([
    ["/api/chat", chat(easy)],
    ["/api/chat", chat(easy, { stream: true })],
    ["/api/generate", { model: "auto", prompt: easy }],
    ["/v1/chat/completions", chat(easy, { stream: true })],
    ["/v1/messages", { ...chat(easy), max_tokens: 50 }],
  ])("tells how it was routed: %s %j", async (path, body) => {
    const house = await setUp();

    const { status, headers } = await house.ask(path, body);

    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "x-chasqui-tier": "low",
      "x-chasqui-model": expect.stringMatching(/^tiny/) as unknown,
      "x-chasqui-confidence": expect.stringMatching(/^[01]\.\d\d$/) as unknown,
      "x-chasqui-searched": "no",
      "x-chasqui-reasons": expect.stringMatching(/^[ -~]+$/) as unknown,
    });
  });

  it("has web results in its prompt as data, and names its sources, where it was searched", async () => {
    const house = await setUp();

    for (const [path, body] of [
      ["/api/chat", chat(fresh)],
      ["/api/generate", { model: "auto", prompt: fresh, stream: false }],
      ["/v1/chat/completions", chat(fresh)],
      ["/v1/messages", { ...chat(fresh), max_tokens: 50 }],
    ] as const) {
      const { headers } = await house.ask(path, body);

      expect(headers["x-chasqui-searched"]).toBe("yes");
      expect(headers["x-chasqui-sources"]).toContain("https://example.org/llamas");
      const sent = house.local.calls().at(-1)?.body ?? "";
      expect(sent).toContain("A llama is a camelid.");
      expect(sent).toContain("web_results");
      expect(sent).toContain(fresh);
    }
  });
});

describe("the addresses of sources in a header", () => {
  it("are as they are asked for, with a space between them", async () => {
    const house = await setUp();
    const urls = ["https://example.org/a%20b?x=%5B1%5D", "https://example.com/llamas"];
    house.web.find(
      urls.map((url, nth) => ({ title: `Llama ${nth}`, url, text: `Llamas ${nth} cost much.` })),
    );

    const { headers } = await house.ask("/api/chat", chat(fresh));

    expect(String(headers["x-chasqui-sources"]).split(" ").toSorted()).toEqual(urls.toSorted());
  });
});

describe("what has no place for web results", () => {
  it.each([
    ["/api/generate", { model: "auto", prompt: fresh, raw: true, stream: false }],
    ["/api/generate", { model: "auto", prompt: fresh, suffix: "That is all.", stream: false }],
    ["/v1/completions", { model: "auto", prompt: fresh, suffix: "That is all." }],
  ])("is not searched for: %s %j", async (path, body) => {
    const house = await setUp();

    const { status, headers } = await house.ask(path, body);

    expect([status, headers["x-chasqui-searched"]]).toEqual([200, "no"]);
    expect(house.web.seen).toEqual([]);
  });
});

describe("the sources of a searched answer", () => {
  const listed = /\n\nSources:\n\[1\] .+ - https:\/\/example\.org\/llamas/;
  const textOf = (answer: string): string =>
    answer
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: { content: string } }).message.content)
      .join("");

  it.each([true, false])("stand at its end: stream %s", async (stream) => {
    const house = await setUp();
    says(house, "Llamas are camelids [1].");

    const answer = await house.ask("/api/chat", chat(fresh, { stream }));

    expect([answer.status, answer.complete]).toEqual([200, true]);
    expect(textOf(answer.text)).toMatch(/^Llamas are camelids \[1\]\.\n\nSources:/);
    expect(textOf(answer.text)).toMatch(listed);
    const last = answer.text.trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({ done: true, done_reason: "stop", eval_count: 3 });
  });

  it.each([
    ["/v1/chat/completions", {}],
    ["/v1/messages", { max_tokens: 50 }],
  ])("stand in the streams of other dialects: %s", async (path, more) => {
    const house = await setUp();

    const answer = await house.ask(path, chat(fresh, { stream: true, ...more }));

    expect([answer.status, answer.complete]).toEqual([200, true]);
    expect(answer.text.match(/Sources:/g)).toHaveLength(1);
    expect(answer.text).toContain("https://example.org/llamas");
  });

  it.each([
    [true, { "x-chasqui-no-sources": "true" }, {}],
    [false, { "x-chasqui-no-sources": "true" }, {}],
    [false, {}, { format: "json" }],
  ])("are left out where they are not wanted: stream %s, %j, %j", async (stream, headers, more) => {
    const house = await setUp();
    says(house, '{"llamas":"camelids"}');

    const answer = await house.ask("/api/chat", chat(fresh, { stream, ...more }), headers);

    expect(answer.headers["x-chasqui-searched"]).toBe("yes");
    expect(textOf(answer.text)).toBe('{"llamas":"camelids"}');
  });
});

describe("the sources of an answer that is to have a form", () => {
  const schema = { type: "object" };

  it.each([
    ["/v1/chat/completions", { json_schema: schema }],
    ["/v1/chat/completions", { grammar: 'root ::= "yes"' }],
    ["/v1/chat/completions", { guided_json: schema }],
    ["/v1/chat/completions", { response_format: { type: "json_object" } }],
    ["/v1/messages", { max_tokens: 50, output_format: { type: "json_schema", schema } }],
    ["/v1/messages", { max_tokens: 50, output_config: { format: { type: "json_schema", schema } } }],
  ])("are in no text of it: %s with %j", async (path, more) => {
    const house = await setUp();

    const { headers, text } = await house.ask(path, chat(fresh, { stream: false, ...more }));

    expect(headers["x-chasqui-searched"]).toBe("yes");
    expect(text).not.toContain("Sources:");
  });
});

describe("what a client says", () => {
  it("of the tier of one call holds for that call, and not for the conversation", async () => {
    const house = await setUp();
    const headers = { "x-chasqui-session": "s1" };

    await house.ask("/api/chat", chat(easy), { ...headers, "x-chasqui-tier": "high" });
    expect(counts(house)).toEqual([0, 1, 0]);
    const next = await house.ask("/api/chat", chat(easy), headers);

    expect([next.headers["x-chasqui-tier"], counts(house)]).toEqual(["low", [1, 1, 0]]);
  });

  it.each([
    ["auto:local", {}, [1, 0, 0]],
    ["auto:cloud", {}, [0, 1, 0]],
    ["auto", { "x-chasqui-tier": "high" }, [0, 1, 0]],
    ["auto", { "x-chasqui-tier": "high", "x-chasqui-max-cost": "0" }, [1, 0, 0]],
    ["auto", { "x-chasqui-tier": "high", "x-chasqui-local-only": "1" }, [1, 0, 0]],
    ["auto", { "x-chasqui-tier": "medium", "x-chasqui-no-search": "1" }, [1, 0, 0]],
    ["auto", { "x-chasqui-tier": "medium" }, [1, 0, 1]],
  ])("is kept: %s with %j", async (model, headers, wanted) => {
    const house = await setUp();

    const { status } = await house.ask("/api/chat", chat("Why is the sky blue?", { model }), headers);

    expect(status).toBe(200);
    expect(counts(house)).toEqual(wanted);
  });

  it.each([
    ["x-chasqui-tier", "hard"],
    ["x-chasqui-max-cost", "cheap"],
    ["x-chasqui-no-search", "perhaps"],
    ["x-chasqui-no-sources", "perhaps"],
  ])("and means nothing is refused: %s: %s", async (name, value) => {
    const house = await setUp();

    const { status, text } = await house.ask("/api/chat", chat(easy), { [name]: value });

    expect(status).toBe(400);
    expect(text.toLowerCase()).toContain(name);
    expect(counts(house)).toEqual([0, 0, 0]);
  });
});

describe("a private request", () => {
  const secret =
    "my key is sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcdEFGH12345678, is it safe? What is new today?";

  it("stays in the house with all that follows in its conversation, whatever is asked for", async () => {
    const house = await setUp();
    const say = [
      { role: "user", content: secret },
      { role: "assistant", content: "Hm." },
      { role: "user", content: hard },
    ];

    await house.ask("/api/chat", chat(secret), { "x-chasqui-tier": "high", "x-chasqui-session": "s" });
    await house.ask("/api/chat", chat(hard, { messages: say.slice(2) }), { "x-chasqui-session": "s" });
    await house.ask("/api/chat", chat(hard, { model: "auto:cloud", messages: say }));

    expect(counts(house)).toEqual([3, 0, 0]);
    const { text } = await house.ask("/api/decisions", undefined as never);
    expect(text).not.toContain("sk-proj");
    expect(text).toContain("api_key");
  });

  it("is refused when only the cloud is left", async () => {
    const house = await setUp();
    await house.local.refuse();

    const { status, text } = await house.ask("/api/chat", chat(secret));

    expect(status).toBeGreaterThanOrEqual(400);
    expect(house.cloud.to("/chat/completions")).toHaveLength(0);
    expect(text).not.toContain("sk-proj");
  });
});

describe("an answer that is not good enough", () => {
  it.each([true, false])("is asked of the cloud, once: stream %s", async (stream) => {
    const house = await setUp();
    says(house, dated);

    const answer = await house.ask("/api/chat", chat(fresh, { stream }), doubtful);

    expect(answer.status).toBe(200);
    expect(answer.headers["x-chasqui-escalated"]).toMatch(/refusal|dated/);
    expect(answer.text).not.toContain("knowledge cutoff");
    expect(counts(house)).toEqual([1, 1, 0]);
    const [row] = await decisionsOf(house);
    expect(row).toMatchObject({ escalated: expect.any(String) as unknown, upstream: "cloud" });
  });

  it.each([true, false])(
    "is asked for once more with web results, of a model that does not know what is new: stream %s",
    async (stream) => {
      const house = await setUp();
      saysInTurn(house, dated, "Llamas are still doing well.");

      const answer = await house.ask("/api/chat", chat("Mikä laama tiedätkö sinä?", { stream }));

      expect(answer.headers).toMatchObject({
        "x-chasqui-tier": "low",
        "x-chasqui-searched": "yes",
        "x-chasqui-escalated": "dated",
        "x-chasqui-upstream": "local",
      });
      expect(answer.text).not.toContain("knowledge cutoff");
      expect(answer.text).toContain("Sources:");
      expect(counts(house)).toEqual([2, 0, 1]);
    },
  );

  it.each([true, false])("is given when the cloud fails: stream %s", async (stream) => {
    const house = await setUp();
    says(house, dated);
    house.cloud.faults = [{ kind: "http", status: 500 }];

    const answer = await house.ask("/api/chat", chat(fresh, { stream }), doubtful);

    expect(answer.status).toBe(200);
    expect(answer.complete).toBe(true);
    const words = [...answer.text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
      .map(([, word]) => word)
      .join("");
    expect(words).toBe(dated);
  });

  it.each([true, false])("and one that is good is given whole: stream %s", async (stream) => {
    const house = await setUp();
    const opening = "One coin has lately been sold for about ninety thousand dollars on most exchanges";
    const good = `${opening}, as far as the last prices that were printed before the bell tell us. `
      .concat("Traders in Lima paid a little less, those in Seoul somewhat more, and nobody agrees why. ")
      .concat(
        "Whoever wants a figure to the cent had better ask an exchange directly, since it moves each second.",
      );
    says(house, good);

    const answer = await house.ask("/api/chat", chat(fresh, { stream }), doubtful);

    const words = [...answer.text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)]
      .map(([, word]) => word)
      .join("");
    expect(words).toBe(good);
    expect(counts(house)).toEqual([1, 0, 0]);
  });
});

describe("a client that wants a stored answer only", () => {
  it("is told that there is none", async () => {
    const house = await setUp();

    const { status } = await house.ask("/api/chat", chat(easy), {
      "cache-control": "only-if-cached",
    });

    expect(status).toBe(504);
    expect(counts(house)).toEqual([0, 0, 0]);
  });
});

describe("without a cloud or a search", () => {
  it("auto means the best local model, and says what was missing", async () => {
    const house = await setUp({ hasCloud: false, hasSearch: false });

    const one = await house.ask("/api/chat", chat(hard));
    const two = await house.ask("/api/chat", chat(fresh));

    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.headers["x-chasqui-missing"]).toBe("cloud");
    expect(two.headers["x-chasqui-missing"]).toBe("search");
  });

  it("a search that fails leaves the answer without, and says so", async () => {
    const house = await setUp();
    house.web.fail({ kind: "status", status: 500 }, { kind: "status", status: 500 });

    const { status, headers } = await house.ask("/api/chat", chat(fresh));

    expect([status, headers["x-chasqui-searched"]]).toEqual([200, "failed"]);
  });

  it("auto is no model when routing is off, and other names are routed where that is said", async () => {
    const off = await setUp({ yaml: "routing: { enabled: false }" });
    expect((await off.ask("/api/chat", chat(easy))).status).toBe(404);
    expect((await off.ask("/api/tags", undefined as never)).text).not.toContain('"auto"');

    const all = await setUp({ yaml: 'routing: { models: ["gpt-*"] }' });
    const { status, headers } = await all.ask("/v1/chat/completions", chat(easy, { model: "gpt-9" }));
    expect([status, headers["x-chasqui-tier"]]).toEqual([200, "low"]);
  });
});

describe("POST /api/analyze", () => {
  it("tells the analysis, the route, and why others were refused, and asks nobody", async () => {
    const house = await setUp();
    const tools = [
      { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } },
    ];

    const { status, text } = await house.ask("/api/analyze", chat(hard, { tools }), {
      "x-chasqui-max-cost": "0",
    });

    expect(status).toBe(200);
    const said = JSON.parse(text) as { contributions: unknown[]; candidates: { refused?: string }[] };
    expect(said).toMatchObject({ complexity: "high", route: { tier: "high", upstream: "local" } });
    expect(said.contributions.length).toBeGreaterThan(0);
    expect(said.candidates.some(({ refused }) => refused === "over_max_cost")).toBe(true);
    expect(counts(house)).toEqual([0, 0, 0]);
  });

  it("looks at the upstream that the client insists on, and at no other", async () => {
    const house = await setUp();
    const routeAt = async (upstream: string) => {
      const { status, text } = await house.ask("/api/analyze", chat(easy), {
        "x-chasqui-upstream": upstream,
      });
      return { status, said: JSON.parse(text) as { route?: { upstream: string }; error?: string } };
    };

    expect((await routeAt("cloud")).said.route?.upstream).toBe("cloud");
    expect((await routeAt("local")).said.route?.upstream).toBe("local");
    const none = await routeAt("nobody");
    expect([none.status, none.said.error]).toEqual([400, expect.stringContaining("names no upstream")]);
    expect((await house.ask("/api/chat", chat(easy), { "x-chasqui-upstream": "nobody" })).status).toBe(400);
  });

  it("tells what a budget has no room for", async () => {
    const house = await setUp({ yaml: "" });
    expect((await house.ask("/api/analyze", chat(hard))).text).not.toContain("over_budget");

    const poor = await setUp({ money: "budget: { day: 0.00001 }" });
    const { text } = await poor.ask("/api/analyze", chat(hard));
    const { candidates, route } = JSON.parse(text) as {
      candidates: { refused?: string }[];
      route: { upstream: string };
    };
    expect(candidates.some(({ refused }) => refused === "over_budget")).toBe(true);
    expect(route.upstream).toBe("local");
  });

  it("takes a generate body without a model", async () => {
    const house = await setUp();

    const { status, text } = await house.ask("/api/analyze", { prompt: easy });

    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ complexity: "low" })]);
  });

  it.each([
    ["", 400],
    ["[]", 400],
    ["{", 400],
    ["{}", 400],
    ['{"messages": 1}', 400],
  ])("refuses %s", async (body, wanted) => {
    const { daemon } = await setUp();

    const { status, text } = await ask(`${daemon.url}/api/analyze`, body, { method: "POST" });

    expect(status).toBe(wanted);
    expect(JSON.parse(text)).toEqual({ error: expect.any(String) as unknown });
  });
});
