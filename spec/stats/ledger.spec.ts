import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { Hold } from "../../src/stats/ledger/ledger.ts";
import type { TotalsBy } from "../../src/stats/ledger/messages.ts";
import { readLedgerFile } from "../../src/stats/ledger/file.ts";
import { eventually } from "../support/daemon.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { aReservation, aRow, freshFile, openLedger, rowsIn, type LedgerStage } from "./ledger-stage.ts";

const isUp = ({ ledger }: LedgerStage) => ledger.snapshot().ledger.state === "ok";
const opened = async (stage: LedgerStage): Promise<LedgerStage> => {
  await eventually(() => isUp(stage), "the ledger is open");
  return stage;
};

describe("a reservation", () => {
  it("is on disk when it is there, and is one row when it is settled", async () => {
    const { ledger, file } = openLedger();
    const hold = await ledger.reserve(aReservation({ requestId: "one", maxNanoUsd: 10 }));
    expect(rowsIn(file, "hold")).toMatchObject([{ request_id: "one", upstream: "cloud", max_nano_usd: 10 }]);
    expect(rowsIn(file)).toEqual([]);

    const row = aRow({
      requestId: "one",
      costNanoUsd: 7,
      session: "s",
      cache: "miss",
      hops: "a=upstream_down",
    });
    await hold.settle(row);
    await Promise.all([hold.settle(row), hold.release()]);

    expect(rowsIn(file, "hold")).toEqual([]);
    expect(rowsIn(file)).toMatchObject([
      {
        request_id: "one",
        time_ms: row.timeMs,
        key_name: "ada",
        session: "s",
        endpoint: "/api/chat",
        asked_model: "gpt",
        answered_model: null,
        is_cloud: 1,
        input_tokens: 3,
        cost_nano_usd: 7,
        cost_source: "provider",
        cache: "miss",
        hops: "a=upstream_down",
        error: null,
      },
    ]);
    expect(ledger.snapshot().all).toMatchObject({ calls: 1, cost_nano_usd: 7, cost_usd: "0.000000007" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
  });

  it("leaves nothing when it is released", async () => {
    const { ledger, file } = openLedger({ budgets: { all: { dayNanoUsd: 10 } } });
    for (let turn = 0; turn < 3; turn += 1) await (await ledger.reserve(aReservation())).release();

    expect([rowsIn(file), rowsIn(file, "hold")]).toEqual([[], []]);
    expect(ledger.snapshot().budgets).toMatchObject([{ reserved_nano_usd: 0, spent_nano_usd: 0 }]);
  });

  it("of two calls with the same id, which clients choose, are two rows", async () => {
    const { ledger, file } = openLedger();
    const holds = await Promise.all([1, 2].map(() => ledger.reserve(aReservation({ requestId: "same" }))));
    await Promise.all(holds.map((hold) => hold.settle(aRow({ requestId: "same" }))));
    expect(rowsIn(file)).toHaveLength(2);
    expect(ledger.snapshot().all.cost_nano_usd).toBe(14);
  });
});

describe("budgets", () => {
  it.each([
    ["of all", { all: { dayNanoUsd: 100 } }],
    ["of all, by month", { all: { dayNanoUsd: 1_000, monthNanoUsd: 109 } }],
    ["of a key", { all: { dayNanoUsd: 1_000 }, keys: { ada: { dayNanoUsd: 100 } } }],
  ])("%s cannot be raced", async (_name, budgets) => {
    const { ledger, file } = openLedger({ budgets });
    const asked = await Promise.allSettled(
      Array.from({ length: 200 }, () => ledger.reserve(aReservation({ maxNanoUsd: 10 }))),
    );
    const holds = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const errors = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));

    expect(holds).toHaveLength(10);
    expect(new Set(errors.map((error) => (error as Error & { code: string }).code))).toEqual(
      new Set(["budget_exceeded"]),
    );
    expect(errors[0]?.message).toMatch(/^the budget of .* 0\.0000001 USD are reserved/);
    expect(rowsIn(file, "hold")).toHaveLength(10);
    await Promise.all(holds.map((hold) => hold.settle(aRow({ costNanoUsd: 10 }))));
    await expect(ledger.reserve(aReservation())).rejects.toMatchObject({ code: "budget_exceeded" });
    await expect(ledger.reserve(aReservation({ maxNanoUsd: 0 }))).resolves.toBeDefined();
  });

  it("of one key do not bind another one", async () => {
    const { ledger } = openLedger({ budgets: { keys: { ada: { dayNanoUsd: 5 } } } });
    await expect(ledger.reserve(aReservation())).rejects.toThrow('the key "ada" for the day');
    await expect(ledger.reserve(aReservation({ keyName: "bob" }))).resolves.toBeDefined();
  });

  it("outlive a restart, with what was spent and with what was under way", async () => {
    const budgets = { all: { monthNanoUsd: 30 } };
    const first = openLedger({ budgets });
    await (await first.ledger.reserve(aReservation())).settle(aRow({ costNanoUsd: 7 }));
    await first.ledger.reserve(aReservation({ requestId: "under-way", maxNanoUsd: 9 }));
    await first.ledger.close();

    const { ledger, file } = openLedger({ file: first.file, budgets });
    expect(await ledger.openHolds()).toMatchObject([
      { requestId: "under-way", upstream: "cloud", keyName: "ada", maxNanoUsd: 9 },
    ]);
    expect(ledger.snapshot().budgets).toMatchObject([{ spent_nano_usd: 16, reserved_nano_usd: 0 }]);
    expect(rowsIn(file).at(-1)).toMatchObject({
      request_id: "under-way",
      cost_nano_usd: 9,
      cost_source: "estimated",
      error: "interrupted",
      is_estimated: 1,
    });
    await expect(ledger.reserve(aReservation({ maxNanoUsd: 15 }))).rejects.toMatchObject({ status: 402 });
    await expect(ledger.reserve(aReservation({ maxNanoUsd: 14 }))).resolves.toBeDefined();
  });

  it("begin anew with the day and with the month", async () => {
    const clock = createFakeClock(Date.UTC(2026, 0, 30, 23));
    const { ledger } = openLedger({ clock, budgets: { all: { dayNanoUsd: 10, monthNanoUsd: 25 } } });
    const spend = async (): Promise<void> => {
      const hold = await ledger.reserve(aReservation());
      await hold.settle(aRow({ timeMs: clock.epochMs(), costNanoUsd: 10 }));
    };
    await spend();
    await expect(spend()).rejects.toThrow("for the day 2026-01-30");
    clock.advance(3_600_000);
    await spend();
    clock.advance(86_400_000);
    await spend();
    clock.advance(86_400_000);
    await spend();
    clock.advance(86_400_000);
    await expect(spend()).rejects.toThrow("for the month 2026-02");

    const { today, this_month, all, by_day } = ledger.snapshot();
    expect([today.calls, this_month.calls, all.calls]).toEqual([0, 2, 4]);
    expect(Object.keys(by_day)).toEqual(["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02"]);
  });
});

describe("the rows", () => {
  it("of calls that cost nothing are on disk soon, without anybody waiting", async () => {
    const clock = createFakeClock();
    const { ledger, file } = await opened(openLedger({ clock }));
    for (let index = 0; index < 100; index += 1)
      ledger.note(aRow({ costNanoUsd: 0, costSource: "free", isCloud: false }));
    expect(ledger.snapshot().all.calls).toBe(100);
    expect(rowsIn(file)).toEqual([]);
    clock.advance(50);
    await eventually(() => rowsIn(file).length === 100, "they are on disk");
  });

  it("that are too many at once are dropped and counted", async () => {
    const { ledger, file } = openLedger();
    for (let index = 0; index < 10_050; index += 1) ledger.note(aRow());
    expect(ledger.snapshot()).toMatchObject({ all: { calls: 10_050 }, ledger: { dropped_rows: 50 } });
    await ledger.close();
    expect(rowsIn(file)).toHaveLength(10_000);
  });

  it("hold what is no count as nothing, and texts in part", async () => {
    const { ledger, file } = openLedger();
    const hold = await ledger.reserve(aReservation({ maxNanoUsd: Number.NaN, model: "x".repeat(10_000) }));
    await hold.settle(
      aRow({ inputTokens: Number.NaN, outputTokens: -1, costNanoUsd: 0.5, askedModel: "x".repeat(999) }),
    );
    expect(rowsIn(file)).toMatchObject([
      { input_tokens: 0, output_tokens: 0, cost_nano_usd: 1, asked_model: "x".repeat(256) },
    ]);
  });

  it("are corrected when the provider tells more, in the file and in the sums", async () => {
    const stage = openLedger({ budgets: { all: { dayNanoUsd: 1_000 } } });
    const hold = await stage.ledger.reserve(aReservation({ requestId: "late", maxNanoUsd: 500 }));
    await stage.ledger.close();
    expect(hold).toBeDefined();

    const { ledger, file } = openLedger({ file: stage.file, budgets: { all: { dayNanoUsd: 1_000 } } });
    await ledger.openHolds();
    await ledger.amend("late", { costNanoUsd: 120, costSource: "provider", inputTokens: 9 });
    await ledger.amend("unknown", { costNanoUsd: 1, costSource: "provider" });

    expect(rowsIn(file)).toMatchObject([{ cost_nano_usd: 120, cost_source: "provider", input_tokens: 9 }]);
    const { all, budgets } = ledger.snapshot();
    expect(all).toMatchObject({ calls: 1, cost_nano_usd: 120, saving_nano_usd: 0, input_tokens: 9 });
    expect(budgets).toMatchObject([{ spent_nano_usd: 120 }]);
  });

  const rows = Array.from({ length: 60 }, (_, index) =>
    aRow({
      timeMs: Date.UTC(2026, 0, 1 + (index % 5), index % 24),
      keyName: index % 3 === 0 ? undefined : `key-${index % 3}`,
      askedModel: `model-${index % 4}`,
      answeredModel: index % 2 === 0 ? "answered" : undefined,
      upstream: index % 7 === 0 ? undefined : `upstream-${index % 7}`,
      costNanoUsd: index * 3,
      baselineNanoUsd: index * 10,
      avoidedNanoUsd: index,
    }),
  );
  const nameOf: Record<TotalsBy, (row: (typeof rows)[number]) => string> = {
    model: (row) => row.answeredModel ?? row.askedModel,
    key: (row) => row.keyName ?? "none",
    upstream: (row) => row.upstream ?? "none",
    day: (row) => new Date(row.timeMs).toISOString().slice(0, 10),
  };

  it.each(["model", "key", "upstream", "day"] as const)("add up by %s, also after a restart", async (by) => {
    const first = openLedger();
    for (const row of rows) first.ledger.note(row);
    const sinceMs = Date.UTC(2026, 0, 2);
    const untilMs = Date.UTC(2026, 0, 4);
    const expected = new Map<string, number[]>();
    for (const row of rows.filter(({ timeMs }) => timeMs >= sinceMs && timeMs < untilMs)) {
      const [calls = 0, cost = 0, saving = 0] = expected.get(nameOf[by](row)) ?? [];
      const { costNanoUsd, baselineNanoUsd } = row;
      expected.set(nameOf[by](row), [calls + 1, cost + costNanoUsd, saving + baselineNanoUsd - costNanoUsd]);
    }
    const short = (totals: Awaited<ReturnType<typeof first.ledger.totals>>) =>
      new Map(totals.map((one) => [one.name, [one.calls, one.costNanoUsd, one.savingNanoUsd]]));

    expect(short(await first.ledger.totals({ by, sinceMs, untilMs }))).toEqual(expected);
    const before = first.ledger.snapshot();
    await first.ledger.close();
    const { ledger } = await opened(openLedger({ file: first.file }));
    expect(short(await ledger.totals({ by, sinceMs, untilMs }))).toEqual(expected);
    expect(ledger.snapshot()).toEqual(before);
    const read = readLedgerFile(first.file);
    expect(short(await read.totals({ by, sinceMs, untilMs }))).toEqual(expected);
    read.close();
  });

  it("have at most 200 names in memory, and all the money", async () => {
    const { ledger } = openLedger();
    for (let index = 0; index < 500; index += 1)
      ledger.note(aRow({ askedModel: `model-${index}`, costNanoUsd: 1 }));
    const { by_model, all } = ledger.snapshot();
    const models = Object.values(by_model);
    expect(models).toHaveLength(200);
    expect(by_model["other"]).toMatchObject({ calls: 301 });
    expect(models.reduce((sum, model) => sum + model.cost_nano_usd, 0)).toBe(all.cost_nano_usd);
  });
});

describe("a ledger's file in trouble", () => {
  const limited = { all: { dayNanoUsd: 1_000 } };

  it.each([
    ["text", (file: string) => writeFileSync(file, "this is no database ".repeat(1_000))],
    ["another database", (file: string) => void new Database(file).exec("CREATE TABLE other(id)").close()],
  ])("that is %s keeps its bytes under another name", async (_name, damage) => {
    const file = freshFile();
    damage(file);
    const bytes = readFileSync(file);
    const { ledger, lines } = openLedger({ file, budgets: limited });
    await (await ledger.reserve(aReservation())).settle(aRow());

    expect(rowsIn(file)).toHaveLength(1);
    const aside = readdirSync(path.dirname(file)).find((name) => name.includes(".corrupt-")) ?? "";
    expect(readFileSync(path.join(path.dirname(file), aside))).toEqual(bytes);
    expect(lines.filter((line) => line.includes('"level":"error"'))).toHaveLength(1);
    expect(ledger.snapshot().ledger).toMatchObject({
      state: "ok",
      set_aside: path.join(path.dirname(file), aside),
    });
  });

  it("that is damaged in part gives what can be read to the new one", async () => {
    const first = openLedger();
    for (let index = 0; index < 3_000; index += 1) first.ledger.note(aRow({ costNanoUsd: 1 }));
    await first.ledger.reserve(aReservation({ keyName: "left", maxNanoUsd: 1 }));
    await first.ledger.close();
    const bytes = readFileSync(first.file);
    bytes.fill(0x55, Math.floor(bytes.length / 2), bytes.length - 8_192);
    writeFileSync(first.file, bytes);

    const { ledger, file, lines } = await opened(openLedger({ file: first.file, budgets: limited }));
    const { all, budgets, ledger: state } = ledger.snapshot();
    expect(all.calls).toBeGreaterThan(100);
    expect(all.calls).toBeLessThan(3_001);
    expect(rowsIn(file)).toHaveLength(all.calls);
    expect(budgets).toMatchObject([{ spent_nano_usd: all.calls }]);
    expect(state.set_aside).toContain("usage.db.corrupt-");
    expect(lines.join("")).toContain(`"rescuedRows":${all.calls}`);
  });

  it("that breaks under way costs no row and no reservation of this run", async () => {
    const { ledger, file, lines } = openLedger({ budgets: limited });
    const holds: Hold[] = [];
    for (let index = 0; index < 3; index += 1) holds.push(await ledger.reserve(aReservation()));
    const other = new Database(file);
    other.pragma("wal_checkpoint(TRUNCATE)");
    other.close();
    const bytes = readFileSync(file);
    bytes.fill(0x55, 4_096);
    writeFileSync(file, bytes);
    // What the thread has read before is still in its memory, until the file is changed by somebody else.
    const breaker = new Database(file);
    breaker.pragma("user_version = 1");
    breaker.close();
    await holds[0]?.settle(aRow());
    await eventually(() => lines.some((line) => line.includes("damaged")), "it is noticed");
    await holds[1]?.settle(aRow());

    await eventually(() => rowsIn(file, "hold").length === 1, "the last reservation is in the new file");
    expect(rowsIn(file)).toHaveLength(2);
    expect(ledger.snapshot().all.calls).toBe(2);
  });

  it("of a newer version is left alone", async () => {
    const file = freshFile();
    const newer = new Database(file);
    newer.pragma("application_id = 0x63687375");
    newer.pragma("user_version = 99");
    newer.close();
    const { ledger } = openLedger({ file, budgets: limited });
    await expect(ledger.reserve(aReservation())).rejects.toThrow("made by a newer version");
    expect(readdirSync(path.dirname(file)).filter((name) => name.includes("corrupt"))).toEqual([]);
  });

  it("that another process locks for a second makes a call wait, and fails none", async () => {
    const stage = await opened(openLedger({ budgets: limited }));
    const other = new Database(stage.file);
    other.exec("BEGIN EXCLUSIVE");
    setTimeout(() => other.exec("COMMIT"), 1_000);
    const began = performance.now();
    const hold = await stage.ledger.reserve(aReservation());
    expect(performance.now() - began).toBeGreaterThan(800);
    await hold.settle(aRow());
    other.close();
    expect(rowsIn(stage.file)).toHaveLength(1);
    expect(stage.ledger.snapshot().ledger).toMatchObject({ state: "ok", dropped_rows: 0 });
  });

  it("that stays locked refuses what a budget limits, keeps the rest in memory, and recovers by itself", async () => {
    const stage = await opened(openLedger({ budgets: { keys: { ada: { dayNanoUsd: 1_000 } } } }));
    const { ledger, file, lines } = stage;
    const before = await ledger.reserve(aReservation());
    const other = new Database(file);
    other.exec("BEGIN EXCLUSIVE");
    await expect(ledger.reserve(aReservation())).rejects.toMatchObject({
      code: "ledger_unavailable",
      status: 503,
    });
    await before.settle(aRow({ costNanoUsd: 3 }));
    const free = await ledger.reserve(aReservation({ keyName: "bob" }));
    await free.settle(aRow({ keyName: "bob", costNanoUsd: 4 }));
    const lasting = await ledger.reserve(aReservation({ keyName: "bob", requestId: "lasting" }));
    await expect(ledger.reserve(aReservation())).rejects.toThrow("SQLITE_BUSY");
    expect(ledger.snapshot()).toMatchObject({
      all: { calls: 2, cost_nano_usd: 7 },
      budgets: [{ spent_nano_usd: 3, reserved_nano_usd: 0 }],
      ledger: { state: "unavailable", since: expect.any(String) as string, dropped_rows: 0 },
    });

    other.exec("COMMIT");
    other.close();
    await eventually(() => isUp(stage), "it is up again", 8_000);
    expect(rowsIn(file).map((row) => row["cost_nano_usd"])).toEqual([3, 4]);
    await eventually(() => rowsIn(file, "hold").length === 1, "the call under way is reserved");
    expect(rowsIn(file, "hold")).toMatchObject([{ request_id: "lasting" }]);
    await lasting.release();
    expect(rowsIn(file, "hold")).toEqual([]);
    await expect(ledger.reserve(aReservation())).resolves.toBeDefined();
    expect(ledger.snapshot().ledger.dropped_rows).toBe(0);
    expect(lines.filter((line) => line.includes("kept in memory"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("is written again"))).toHaveLength(1);
  });

  it("that cannot be made is made when it can, with all that was kept", async () => {
    const file = freshFile();
    const inFile = path.join(file, "usage.db");
    writeFileSync(file, "a file where the directory should be");
    const stage = openLedger({ file: inFile });
    const hold = await stage.ledger.reserve(aReservation());
    await hold.settle(aRow());
    stage.ledger.note(aRow());
    expect(stage.ledger.snapshot()).toMatchObject({ all: { calls: 2 }, ledger: { state: "unavailable" } });
    await expect(stage.ledger.totals({ by: "day" })).rejects.toMatchObject({ code: "ledger_unavailable" });

    rmSync(file);
    mkdirSync(file);
    await eventually(() => isUp(stage), "it is up");
    await eventually(() => rowsIn(inFile).length === 2, "all is on disk");
    expect(stage.ledger.snapshot().all.calls).toBe(2);
  });

  it.skipIf(process.getuid?.() === 0)("in a directory that is read-only refuses and recovers", async () => {
    const file = freshFile();
    chmodSync(path.dirname(file), 0o500);
    const stage = openLedger({ file, budgets: limited });
    await expect(stage.ledger.reserve(aReservation())).rejects.toMatchObject({ code: "ledger_unavailable" });
    chmodSync(path.dirname(file), 0o700);
    await eventually(() => isUp(stage), "it is up");
    await expect(stage.ledger.reserve(aReservation())).resolves.toBeDefined();
  });

  it("is closed with everything that was said before", async () => {
    const { ledger, file } = openLedger();
    for (let index = 0; index < 3_000; index += 1) ledger.note(aRow());
    await ledger.close();
    await ledger.close();
    expect(rowsIn(file)).toHaveLength(3_000);
    await expect(ledger.totals({ by: "day" })).rejects.toMatchObject({ code: "ledger_unavailable" });
  });
});

describe("a process that is killed", () => {
  it.each([40, 300, 900])("after %i lines has lost no row that was settled", async (lines) => {
    const file = freshFile();
    const child = spawn(
      process.execPath,
      ["--import", "tsx", fileURLToPath(new URL("ledger-child.ts", import.meta.url)), file],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split("\n").length > lines) child.kill("SIGKILL");
    });
    await once(child, "close");
    const told = output.split("\n").slice(0, -1);
    const idsOf = (word: string) =>
      told.filter((line) => line.startsWith(word)).map((line) => line.split(" ")[1]);
    const settled = idsOf("settled");
    const held = idsOf("held");
    expect(settled.length).toBeGreaterThan(5);

    const { ledger } = openLedger({ file });
    const left = await ledger.openHolds();
    const rows = rowsIn(file);
    const cost = new Map(rows.map((row) => [row["request_id"], row["cost_nano_usd"]]));
    expect(cost.size).toBe(rows.length);
    for (const id of settled) expect([id, cost.get(id)]).toEqual([id, 7]);
    for (const id of held) expect([id, [7, 10]]).toEqual([id, expect.arrayContaining([cost.get(id)])]);
    expect(left.every(({ requestId }) => cost.get(requestId) === 10)).toBe(true);
    expect(rowsIn(file, "hold")).toEqual([]);
    const total = rows.reduce((sum, row) => sum + Number(row["cost_nano_usd"]), 0);
    expect(ledger.snapshot().all.cost_nano_usd).toBe(total);
    expect(total).toBeGreaterThanOrEqual(7 * held.length);
  });
});
