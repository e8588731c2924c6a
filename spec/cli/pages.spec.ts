import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { analysisText } from "../../src/cli/auto/analysis-text.ts";
import { chat, counts, easy, fresh, hard, type House, leave, setUp } from "../support/auto-house.ts";
import { runCli } from "../support/daemon.ts";

afterEach(leave);

const at = ({ daemon }: House): string[] => ["--listen", `127.0.0.1:${daemon.port}`];
const binary = fileURLToPath(new URL("../../bin/chasqui", import.meta.url));

/** With something on standard input. */
async function runWith(input: string, args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const child = spawn(binary, [...args], { env: { PATH: process.env.PATH, HOME: "/nonexistent" } });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout };
}

const latest = "What is the latest stable Python version?";

describe("chasqui analyze", () => {
  it("tells what auto would do with a text, and asks nobody", async () => {
    const house = await setUp();

    const { code, stdout, stderr } = await runCli(["analyze", latest, ...at(house)]);

    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^complexity +medium \(low 0\.\d\d, medium 0\.\d\d, high 0\.\d\d\)$/m);
    expect(stdout).toMatch(/^needs search +yes \(0\.\d\d\)$/m);
    expect(stdout).toMatch(/^task +\w+, in en, \d+ tokens$/m);
    expect(stdout).toMatch(/^reasons +needs fresh facts: /m);
    expect(stdout).toMatch(/^route +tiny:latest at local, with web results/m);
    expect(counts(house)).toEqual([0, 0, 0]);
  });

  it("tells what is private and missing, and who was refused why", async () => {
    const house = await setUp({ hasSearch: false });
    const secret = "my password: hunter2-hunter2, what is new today?";

    const { stdout } = await runCli(["analyze", secret, ...at(house)]);

    expect(stdout).toMatch(/^private +password$/m);
    expect(stdout).toMatch(/^REFUSED +UPSTREAM +MOST USD +WHY$/m);
    expect(stdout).toMatch(/^openai\/gpt-4o-mini:latest +cloud +[\d.]+ +private$/m);
    expect(stdout).not.toContain("hunter2");
    const other = await runCli(["analyze", latest, ...at(house)]);
    expect(other.stdout).toMatch(/^missing +search$/m);
  });

  it("reads standard input, and prints the daemon's own answer", async () => {
    const house = await setUp();

    const { code, stdout } = await runWith(hard, ["analyze", "-", "--json", ...at(house)]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ complexity: "high", route: { upstream: "cloud" } });
    expect(await runWith(" \n", ["analyze", "-", ...at(house)])).toMatchObject({ code: 2, stdout: "" });
  });

  it("says who comes after the first choice, and when nobody may answer", () => {
    const candidates = ["a", "b", "c", "d", "e", "f"].map((model) => ({ model, upstream: "gpu" }));
    const route = { tier: "low", model: "a", upstream: "gpu", verify: true, escalate_to: "big" };

    const one = analysisText({ complexity: "low", route, candidates });
    expect(one).toMatch(/^route +a at gpu, checked first, else big$/m);
    expect(one).toMatch(/^instead +b at gpu\n +c at gpu\n +d at gpu\n +and 2 more$/m);
    const none = analysisText({
      route: { tier: "low" },
      candidates: [{ model: "a", upstream: "gpu", refused: "away" }],
    });
    expect(none).toMatch(/^route +nobody may answer$/m);
    expect(none).toMatch(/^a +gpu +away$/m);
  });
});

describe("chasqui decisions", () => {
  it("shows the newest first, as a table, without a word of what was said", async () => {
    const house = await setUp();
    const none = await runCli(["decisions", ...at(house)]);
    for (const content of [easy, fresh, hard]) await house.ask("/api/chat", chat(content));

    const { code, stdout } = await runCli(["decisions", ...at(house)]);
    const [headings, ...rows] = stdout.trimEnd().split("\n");

    expect(none).toMatchObject({ code: 0, stdout: "nothing was decided yet\n" });
    expect(code).toBe(0);
    expect(headings).toMatch(
      /^TIME +TIER +SURE +MODEL +UPSTREAM +SEARCHED +ESCALATED +MISSING +TOKENS +WHY$/,
    );
    expect(rows.map((row) => row.split(/ {2,}/)[1])).toEqual(["high", "medium", "low"]);
    expect(rows[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +medium +[01]\.\d\d +tiny:latest +local +yes /);
    expect(stdout).not.toContain("bitcoin");
  });

  it("takes a number of them, and prints the daemon's own answer", async () => {
    const house = await setUp();
    for (const content of [easy, hard]) await house.ask("/api/chat", chat(content));

    const { stdout } = await runCli(["decisions", "--limit", "1", "--json", ...at(house)]);
    expect(JSON.parse(stdout)).toMatchObject({ decisions: [{ tier: "high", upstream: "cloud" }] });
    const wrong = await runCli(["decisions", "--limit", "few", ...at(house)]);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      "error: --limit: expected a whole number from 1\nTry: chasqui --help\n",
    ]);
  });

  it("wants the key of an administrator where there are keys", async () => {
    const house = await setUp({
      yaml: "api_keys: [{ name: a, key: key-a, admin: true }, { name: b, key: key-b }]",
    });
    const as = (CHASQUI_API_KEY: string) => runCli(["decisions", ...at(house)], { CHASQUI_API_KEY });

    expect((await as("key-a")).code).toBe(0);
    for (const key of ["key-b", "nonsense"]) {
      const { code, stderr } = await as(key);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining("the key of an administrator: say it in CHASQUI_API_KEY"),
      ]);
      expect(stderr).not.toContain(key);
    }
    const plain = await runCli(["analyze", easy, ...at(house)]);
    expect([plain.code, plain.stderr]).toEqual([1, expect.stringContaining("the daemon wants a key: ")]);
  });
});

describe("chasqui search", () => {
  it("shows ranked results, and nothing that steers the terminal", async () => {
    const house = await setUp();
    house.web.find([
      {
        title: "Llamas\u001b[31m",
        url: "https://example.org/llamas",
        text: "A llama is\u0007 a camelid.",
        date: "2025-12-30",
      },
      { title: "Alpacas", url: "https://example.com/alpacas", text: "An alpaca is smaller." },
    ]);

    const { code, stdout } = await runCli(["search", "llama", "--max", "1", ...at(house)]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^1\. {2}Llamas/);
    expect(stdout).toContain("\n    https://example.org/llamas\n");
    expect(stdout).toContain("camelid");
    expect(stdout).toContain("2025-12-30");
    expect(stdout).not.toContain("Alpacas");
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  it("prints the daemon's own answer", async () => {
    const house = await setUp();
    const { stdout } = await runCli(["search", "llama", "--json", ...at(house)]);

    expect(JSON.parse(stdout)).toMatchObject({
      query: "llama",
      results: expect.arrayContaining([expect.objectContaining({ title: "Llamas" })]) as unknown,
    });
  });

  it("says when nothing was found, and why not", async () => {
    const house = await setUp();
    house.web.fail({ kind: "status", status: 500 });

    const { code, stdout } = await runCli(["search", "llama", ...at(house)]);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^nothing was found\nsearxng: /);
  });

  it("says what is wrong", async () => {
    const house = await setUp({ hasSearch: false });

    const none = await runCli(["search", "llama", ...at(house)]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("web search has no provider")]);
  });

  it.each([["llama", "--max", "0"], ["llama", "--max", "few"], [" "], []])("refuses %j", async (...args) => {
    expect((await runCli(["search", ...args])).code).toBe(2);
  });
});

describe("without a daemon", () => {
  it.each([["analyze", "hello"], ["decisions"], ["search", "llama"]])("%s says so", async (...args) => {
    const { code, stdout, stderr } = await runCli([...args, "--listen", "127.0.0.1:1"]);

    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe("error: no daemon answers at http://127.0.0.1:1: start one with chasqui serve\n");
  });
});
