import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createUsagePage } from "../../src/http/usage-page.ts";
import { runCli } from "../support/daemon.ts";
import { aRow, freshFile, openLedger } from "../stats/ledger-stage.ts";

let server: Server | undefined;
afterEach(() => server?.close());

/** A file with three calls, which nobody has open. */
async function aFile(): Promise<string> {
  const { ledger, file } = openLedger();
  ledger.note(aRow({ answeredModel: "gpt", costNanoUsd: 1_500_000_000, baselineNanoUsd: 2_000_000_000 }));
  ledger.note(
    aRow({ answeredModel: "tiny", costNanoUsd: 0, avoidedNanoUsd: 20_000_000, inputTokens: 12_345 }),
  );
  ledger.note(aRow({ timeMs: Date.UTC(2020, 0, 1), answeredModel: "old", costNanoUsd: 5 }));
  await ledger.close();
  return file;
}

/** Where a daemon would be, with the page alone. */
async function aDaemon(key: string): Promise<string> {
  const { ledger } = openLedger({ file: await aFile() });
  const page = createUsagePage(ledger);
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://daemon");
    const refusal =
      request.headers.authorization !== `Bearer ${key}` ? 401 : pathname !== "/api/usage" ? 404 : undefined;
    if (refusal !== undefined) response.writeHead(refusal).end("{}");
    else
      page(searchParams).then(
        (reply) => response.end(reply.body),
        (error: Error) => response.writeHead(400).end(JSON.stringify({ error: error.message })),
      );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const atFile = async (...args: string[]) => {
  const dir = path.dirname(await aFile());
  return { dir, ...(await runCli(["usage", "--listen", "127.0.0.1:1", "--data-dir", dir, ...args])) };
};

describe("chasqui usage", () => {
  it("shows a table out of the file when no daemon runs", async () => {
    const { code, stdout, stderr, dir } = await atFile("--by", "model", "--since", "30d");
    const [place, what, , ...table] = stdout.trimEnd().split("\n");

    expect([code, stderr]).toEqual([0, ""]);
    expect(place).toBe(`no daemon runs: the file ${path.join(dir, "usage.db")}`);
    expect(what).toMatch(/^calls by model since 20\d\d-/);
    expect(table).toEqual([
      "MODEL  CALLS   INPUT  OUTPUT  COST USD  AVOIDED USD  BASELINE USD  SAVING USD",
      "gpt        1       3       2      1.50         0.00          2.00        0.50",
      "tiny       1  12,345       2      0.00         0.02    0.00000002  0.00000002",
      "total      2  12,348       4      1.50         0.02    2.00000002  0.50000002",
    ]);
  });

  it("prints JSON and CSV", async () => {
    const json = await atFile("--by", "day", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      by: "day",
      total: { calls: 3, cost_nano_usd: 1_500_000_005 },
    });
    expect((JSON.parse(json.stdout) as { rows: { name: string }[] }).rows[0]?.name).toBe("2020-01-01");
    const csv = await atFile("--by", "key", "--csv");
    expect(csv.stdout.split("\r\n")[1]).toMatch(/^ada,3,12351,6,1500000005,/);
  });

  it("asks the daemon that runs, with the key that it is told", async () => {
    const key = "chq-a-key-for-the-specs-only";
    const listen = await aDaemon(key);
    const ask = (CHASQUI_API_KEY: string, ...args: string[]) =>
      runCli(["usage", "--listen", listen, "--data-dir", "/nonexistent", ...args], { CHASQUI_API_KEY });

    const right = await ask(key, "--by", "upstream");
    const wrong = await ask("wrong-key-wrong-key-wrong");
    const bad = await ask(key, "--by", "colour");

    expect(right.stdout).toMatch(
      new RegExp(`^the daemon at http://${listen}\ncalls by upstream\n\nUPSTREAM +CALLS`),
    );
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("CHASQUI_API_KEY")]);
    expect(wrong.stderr).not.toContain("wrong-key");
    expect([bad.code, bad.stderr]).toEqual([1, "error: by: expected one of model, key, day, upstream\n"]);
  });

  it("says what is wrong", async () => {
    const none = await runCli(["usage", "--listen", "127.0.0.1:1", "--data-dir", path.dirname(freshFile())]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("and there is no file")]);
    const both = await atFile("--json", "--csv");
    expect([both.code, both.stdout, both.stderr]).toEqual([
      2,
      "",
      "error: --json and --csv exclude each other\n",
    ]);
    const since = await atFile("--since", "ever");
    expect([since.code, since.stderr]).toEqual([1, "error: since: expected a duration such as 24h or 30d\n"]);
  });
});
