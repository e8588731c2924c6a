import path from "node:path";
import { describe, expect, it } from "vitest";
import { eventually, runCli } from "../support/daemon.ts";
import { as, bossKey, called, keysYaml, type MoneyStage, moneyStages } from "../support/money-stage.ts";

const stage = moneyStages();

const gpt = "openai/gpt-4o-mini";
const sure = { options: { temperature: 0 }, stream: false };
const bodyOf = (tag: string, model = gpt): object => ({
  model,
  messages: [{ role: "user", content: `tag-${tag} say hello` }],
  ...sure,
});

const chargedFor = ({ fake }: MoneyStage, tag: string): number =>
  fake.billOf(`tag-${tag}`).reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

describe("the row of a call", () => {
  it("to a model in the house costs nothing", async () => {
    const on = await stage({ money: `  baseline: ${gpt}` });
    const { status } = await on.ask("/api/chat", bodyOf("local", "tiny"), called("local"));

    expect(status).toBe(200);
    const row = await on.rowOf("local");
    expect(row).toMatchObject({
      endpoint: "/api/chat",
      asked_model: "tiny",
      upstream: "local",
      is_cloud: 0,
      cost_nano_usd: 0,
      cost_source: "free",
      cache: "miss",
      hops: "",
      status: 200,
      error: null,
      key_name: null,
    });
    expect(row.input_tokens).toBeGreaterThan(0);
    expect(row.output_tokens).toBeGreaterThan(0);
    // 0.15 and 0.60 dollars a million.
    expect(row.baseline_nano_usd).toBe(row.input_tokens * 150 + row.output_tokens * 600);
  });

  it("tells the key, the session, the endpoint and what the provider charged", async () => {
    const on = await stage({ yaml: keysYaml() });
    const headers = { ...as("ada", "told"), "x-chasqui-session": "trip-1" };
    const body = { ...bodyOf("told"), max_tokens: 50 };
    expect((await on.ask("/v1/messages", body, { headers })).status).toBe(200);

    expect(await on.rowOf("told")).toMatchObject({
      key_name: "ada",
      session: "trip-1",
      endpoint: "/v1/messages",
      asked_model: gpt,
      answered_model: gpt,
      upstream: "openrouter",
      is_cloud: 1,
      input_tokens: 3,
      output_tokens: 5,
      cost_nano_usd: chargedFor(on, "told"),
      cost_source: "provider",
      status: 200,
    });
    expect(chargedFor(on, "told")).toBe(3 * 150 + 5 * 600);
  });

  it("that the cache answers costs nothing, and tells what it spared", async () => {
    const on = await stage();
    await on.ask("/api/chat", bodyOf("again"), called("first"));
    const hit = await on.ask("/api/chat", bodyOf("again"), called("again"));

    expect(hit.headers["x-chasqui-cache"]).toMatch(/^hit/);
    const [first, again] = [await on.rowOf("first"), await on.rowOf("again")];
    expect(first).toMatchObject({
      cache: "miss",
      avoided_nano_usd: 0,
      cost_nano_usd: chargedFor(on, "again"),
    });
    expect(again).toMatchObject({
      cache: "hit",
      cost_nano_usd: 0,
      cost_source: "free",
      is_cloud: 0,
      status: 200,
    });
    expect(again.avoided_nano_usd).toBe(first.cost_nano_usd);
    expect(first.cost_nano_usd).toBeGreaterThan(0);
  });

  it.each([false, true])("that many ask at once is paid once, streamed: %s", async (stream) => {
    const on = await stage();
    on.fake.faults = [{ kind: "hold", afterDeltas: 1 }];
    const ids = Array.from({ length: 6 }, (_, index) => `many-${index}`);
    const asking = ids.map((id) => on.ask("/api/chat", { ...bodyOf("many"), stream }, called(id)));
    await eventually(() => on.daemon().daemon.exchanges.size === 6, "all are there");
    await eventually(() => on.fake.to("/chat/completions").length === 1, "one of them asks");
    on.fake.release();
    expect((await Promise.all(asking)).map(({ status }) => status)).toEqual(ids.map(() => 200));

    const rows = await Promise.all(ids.map((id) => on.rowOf(id)));
    expect(on.fake.to("/chat/completions")).toHaveLength(1);
    expect(rows.filter(({ cache }) => cache === "coalesced")).toHaveLength(5);
    expect(rows.filter(({ cost_nano_usd: cost }) => cost > 0)).toHaveLength(1);
    expect(rows.reduce((sum, row) => sum + row.cost_nano_usd, 0)).toBe(chargedFor(on, "many"));
    // Tokens count once, too.
    expect(rows.reduce((sum, row) => sum + row.output_tokens, 0)).toBe(5);
  });

  it.each(["cache: {}", "cache: { enabled: false }"])("that fails is one row (%s)", async (cache) => {
    const on = await stage({ yaml: cache });
    on.fake.faults = [
      { kind: "cut", afterDeltas: 2 },
      { kind: "http", status: 400, message: "no" },
    ];
    expect((await on.ask("/api/chat", bodyOf("cut"), called("cut"))).status).toBe(502);
    expect((await on.ask("/api/chat", bodyOf("refused"), called("refused"))).status).toBe(400);

    const cut = await on.rowOf("cut");
    expect(cut).toMatchObject({ upstream: "openrouter", cost_source: "estimated", status: 502 });
    expect(cut.cost_nano_usd).toBeGreaterThanOrEqual(chargedFor(on, "cut"));
    expect(await on.rowOf("refused")).toMatchObject({ cost_nano_usd: 0, cost_source: "free", status: 400 });
    expect((await on.ask("/api/chat", bodyOf("last"), called("last"))).status).toBe(200);
    await on.rowOf("last");
    expect(on.rows()).toHaveLength(3);
  });

  it.each(["cache: {}", "cache: { enabled: false }"])(
    "whose client leaves is one row (%s)",
    async (cache) => {
      const on = await stage({ yaml: cache });
      on.fake.faults = [{ kind: "hang" }];
      const leaving = on.leave("/api/chat", bodyOf("left"), called("left"));
      await eventually(() => on.fake.to("/chat/completions").length === 1, "the provider is asked");
      leaving.leave();
      await eventually(() => on.fake.bill.size === 1, "the provider has noticed");
      expect((await on.ask("/api/chat", bodyOf("last"), called("last"))).status).toBe(200);
      await on.rowOf("last");

      expect(await on.rowOf("left")).toMatchObject({ cost_source: "estimated", error: "client_closed" });
      expect(on.rows()).toHaveLength(2);
    },
  );

  // The provider charges for what was said before the error, and the attempt is taken for one that cost nothing.
  it("that breaks off with an error after its first words costs what was charged for them", async () => {
    const on = await stage();
    on.fake.faults = [{ kind: "error-midway", afterDeltas: 3, status: 502 }];
    await on.ask("/api/chat", bodyOf("midway"), called("midway"));

    const row = await on.rowOf("midway").catch(() => undefined);
    const charged = chargedFor(on, "midway");
    if (row === undefined || charged === 0) return;
    expect(row.cost_nano_usd).toBeGreaterThanOrEqual(charged);
  });

  it("tells who failed before another one answered", async () => {
    const on = await stage({ yaml: `fallbacks: [{ match: "tiny", to: ["${gpt}"] }]` });
    on.local.respond = undefined;
    on.local.fault = "html-500";
    const { status, headers } = await on.ask("/api/chat", bodyOf("over", "tiny"), called("over"));

    expect([status, headers["x-chasqui-model"]]).toEqual([200, gpt]);
    expect(await on.rowOf("over")).toMatchObject({
      asked_model: "tiny",
      answered_model: gpt,
      upstream: "openrouter",
      hops: "local=upstream_failed",
      cost_nano_usd: chargedFor(on, "over"),
    });
  });

  it("tells who answered when somebody else may have charged before", async () => {
    const yaml = `timeouts: { first_byte: 300ms }\nfallbacks: [{ match: "${gpt}", to: ["tiny"] }]`;
    const on = await stage({ yaml });
    on.fake.faults = [{ kind: "hang" }];
    const { headers } = await on.ask("/api/chat", bodyOf("late"), called("late"));

    expect(headers["x-chasqui-model"]).toMatch(/^tiny/);
    const row = await on.rowOf("late");
    expect(row).toMatchObject({
      asked_model: gpt,
      upstream: "local",
      is_cloud: 0,
      cost_source: "estimated",
      hops: "openrouter=upstream_timeout",
      status: 200,
      error: null,
    });
    expect(row.answered_model).toMatch(/^tiny/);
    expect(row.cost_nano_usd).toBeGreaterThan(0);
  });

  it("is there for embeddings", async () => {
    const on = await stage();
    const body = { model: "qwen/qwen3-embedding-8b", input: ["tag-vector one two", "three"] };
    expect((await on.ask("/api/embed", body, called("vector"))).status).toBe(200);

    expect(await on.rowOf("vector")).toMatchObject({
      endpoint: "/api/embed",
      input_tokens: 4,
      output_tokens: 0,
      cost_nano_usd: chargedFor(on, "vector"),
      cost_source: "provider",
    });
    expect(chargedFor(on, "vector")).toBe(40);
  });
});

/** Three calls: two that ada pays for, one of which the cache answers, and one of bob's in the house. */
async function aDay(money = ""): Promise<MoneyStage> {
  const on = await stage({ money, yaml: keysYaml(", budget: { day: 1 }") });
  await on.ask("/api/chat", bodyOf("paid"), { headers: as("ada", "paid") });
  await on.ask("/api/chat", bodyOf("paid"), { headers: as("ada", "hit") });
  await on.ask("/api/chat", bodyOf("free", "tiny"), { headers: as("bob", "free") });
  for (const id of ["paid", "hit", "free"]) await on.rowOf(id);
  return on;
}

describe("what was spent", () => {
  it("is in /api/stats", async () => {
    const on = await aDay();
    const cost = chargedFor(on, "paid");
    const shown = await on.shown();

    expect(shown.ledger).toMatchObject({ state: "ok", error: null, set_aside: null, dropped_rows: 0 });
    expect(shown.today).toMatchObject({ calls: 3, cost_nano_usd: cost, avoided_nano_usd: cost });
    expect(shown.by_key).toMatchObject({
      ada: { calls: 2, cost_nano_usd: cost },
      bob: { calls: 1, cost_nano_usd: 0 },
    });
    expect(shown.by_upstream["openrouter"]).toMatchObject({ cost_nano_usd: cost });
    expect(shown.budgets).toMatchObject([
      { scope: "key", key: "ada", limit_usd: "1.00", spent_nano_usd: cost },
    ]);
  });

  it("is on /api/usage, for administrators", async () => {
    const on = await aDay();
    const cost = chargedFor(on, "paid");
    const get = (query: string, headers: Record<string, string>) =>
      on.ask(`/api/usage?${query}`, undefined, { headers });

    expect((await get("by=key", {})).status).toBe(401);
    expect((await get("by=key", as("ada"))).status).toBe(403);
    const json = await get("by=key", as("boss"));
    expect(JSON.parse(json.text)).toMatchObject({
      by: "key",
      rows: [
        { name: "ada", calls: 2, cost_nano_usd: cost },
        { name: "bob", calls: 1, cost_nano_usd: 0 },
      ],
      total: { calls: 3, cost_nano_usd: cost },
    });
    const csv = await get("by=key&format=csv", as("boss"));
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(csv.text.split("\r\n").map((line) => line.split(",").slice(0, 2).join(","))).toEqual([
      "key,calls",
      "ada,2",
      "bob,1",
      "",
    ]);
  });

  it("is told by chasqui usage, of the daemon and of the file alike", async () => {
    const on = await aDay();
    const listen = `127.0.0.1:${on.daemon().port}`;
    const args = ["usage", "--by", "model", "--json", "--data-dir", path.dirname(on.file), "--listen"];
    const running = await runCli([...args, listen], { CHASQUI_API_KEY: bossKey });
    expect(running).toMatchObject({ code: 0, stderr: "" });
    const stranger = await runCli([...args, listen], { CHASQUI_API_KEY: "chq-nobody-at-all-here" });
    expect(stranger.code).not.toBe(0);
    const stopped = await runCli([...args, "127.0.0.1:1"]);
    expect(stopped).toMatchObject({ code: 0, stderr: "" });

    expect(JSON.parse(stopped.stdout)).toEqual(JSON.parse(running.stdout));
    expect(JSON.parse(running.stdout)).toMatchObject({
      rows: [
        { name: gpt, calls: 2, cost_nano_usd: chargedFor(on, "paid") },
        { calls: 1, cost_nano_usd: 0 },
      ],
    });
  });

  it("is written nowhere with money.enabled: false", async () => {
    const on = await stage({ money: "  enabled: false\n  budget: {}", yaml: keysYaml() });
    expect((await on.ask("/api/chat", bodyOf("off"), { headers: as("ada") })).status).toBe(200);

    expect(await on.shown()).toEqual({ ledger: { state: "off" } });
    const { status, text } = await on.ask("/api/usage", undefined, { headers: as("boss") });
    expect([status, text]).toEqual([503, '{"error":"nothing is written down: money.enabled is false"}']);
    expect(() => on.rows()).toThrow(/unable to open|does not exist/);
  });
});
