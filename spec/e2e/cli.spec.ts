import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli, scratch, spawnDaemon } from "../support/daemon.ts";
import { startFakeOllama } from "../support/fake-ollama.ts";

let dir: string;
let cleanUp: () => Promise<void>;

beforeEach(async () => ({ dir, cleanUp } = await scratch()));
afterEach(() => cleanUp());

const configFile = async (yaml: string): Promise<string> => {
  const file = path.join(dir, "config.yaml");
  await writeFile(file, yaml);
  return file;
};

/** A command that serves although it should not ends at once instead of hanging. */
const neverServes = { CHASQUI_LISTEN: "nowhere" };

describe("help", () => {
  it.each([
    [["--help"]],
    [["-h"]],
    [["help"]],
    [["serve", "--help"]],
    [["check-config", "-h"]],
    [["config", "show", "--help"]],
    [["keys"]],
    [["healthcheck", "--help"]],
    [["cache"]],
    [["cache", "purge", "--help"]],
    [["analyze", "text", "--help"]],
    [["decisions", "-h"]],
    [["version", "--help"]],
    [["--log-level", "debug", "--help"]],
  ])("shows one screen on standard output for %j", async (args) => {
    const { code, stdout, stderr } = await runCli(args, neverServes);
    const lines = stdout.trimEnd().split("\n");

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(lines[0]).toMatch(/^chasqui: /);
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).not.toContain("\u001b");
  });

  it("names every command and every flag that works", async () => {
    const { stdout } = await runCli(["help"], neverServes);

    for (const word of [
      "serve",
      "check-config",
      "config show",
      "keys create",
      "healthcheck",
      "version",
      "cache stats",
      "cache verify",
      "usage",
      "analyze TEXT",
      "decisions",
      "search QUERY",
    ])
      expect(stdout).toContain(word);
    for (const flag of ["--listen", "--upstream", "--config", "--data-dir", "--log-level", "--log-format"])
      expect(stdout).toContain(flag);
  });
});

describe("usage errors", () => {
  it.each([
    [["--nonsense"]],
    [["nonsense"]],
    [["serve", "extra"]],
    [["--listen"]],
    [["keys", "create"]],
    [["keys", "nonsense"]],
    [["config", "nonsense"]],
    [["check-config", "--nonsense"]],
    [["version", "extra"]],
    [["analyze"]],
    [["analyze", "two", "texts"]],
    [["decisions", "extra"]],
    [["search", "llama", "--nonsense"]],
  ])("end with 2 and say so on standard error: %j", async (args) => {
    const { code, stdout, stderr } = await runCli(args, neverServes);

    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/error: /);
    expect(stderr).toContain("chasqui --help");
  });
});

describe("check-config", () => {
  it("finds a good file good", async () => {
    const file = await configFile("upstreams:\n  - url: 127.0.0.1:11434\n");

    const { code, stdout } = await runCli(["check-config", "--config", file]);

    expect(code).toBe(0);
    expect(stdout).toContain(file);
  });

  it("warns of an upstream that is left out for want of a key, and so does the log", async () => {
    const file = await configFile("upstreams:\n  - type: openrouter\n");
    const left = "upstream openrouter: no key in OPENROUTER_API_KEY, so it is left out";

    const plain = await runCli(["check-config", "--config", file]);
    const json = await runCli(["check-config", "--json", "--config", file]);
    const daemon = await spawnDaemon(["--config", file]);
    const output = daemon.output();
    await daemon.stop();

    expect(plain).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`:2:5: upstreams.0.api_key: ${left}`) as string,
    });
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, warnings: [{ text: left }] });
    expect(output).toContain(left);
    expect(output).toMatch(/"message":"listening".*"auto":"no local model, no cloud, no search provider"/);
  });

  it("names the place of everything wrong, and a near key", async () => {
    const file = await configFile("server:\n  drian: 5s\n  body_timeout: soon\nlog:\n  level: loud\n");

    const { code, stdout, stderr } = await runCli(["check-config", "--config", file]);

    expect(code).toBe(78);
    expect(stdout).toBe("");
    expect(stderr).toContain(`${file}:2:3: server.drian: unknown key; did you mean drain?`);
    expect(stderr).toContain(`${file}:3:3: server.body_timeout: `);
    expect(stderr).toContain(`${file}:5:3: log.level: `);
  });

  it("says the same as JSON", async () => {
    const file = await configFile("demo: perhaps\n");

    const { code, stdout } = await runCli(["check-config", "--json", "--config", file]);

    expect(code).toBe(78);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: [{ where: `${file}:1:1`, key: "demo" }],
    });
  });

  it.each([
    ["a broken file", "server: [\n", /config\.yaml:\d+:\d+: /],
    ["a list for a file", "- a\n", /config\.yaml:1:1: /],
    ["a duplicate key", "demo: on\ndemo: off\n", /config\.yaml:2:1: /],
    ["an alias bomb", `a: &a [x]\nb: &b [${"*a,".repeat(60)}]\nc: [${"*b,".repeat(60)}]\n`, /config\.yaml/],
    ["a variable that is not set", "data_dir: ${NOT_SET}\n", /config\.yaml:1:1: data_dir: .*NOT_SET/],
    [
      "keys that everyone could do without",
      "auth: none\napi_keys: [{name: a, key: b}]\n",
      /config\.yaml:1:1: auth/,
    ],
    [
      "two upstreams of one name",
      "upstreams: [{name: a, url: h1}, {name: a, url: h2}]\n",
      /upstreams\.1\.name/,
    ],
  ])("refuses %s", async (_name, yaml, text) => {
    const { code, stderr } = await runCli(["check-config", "--config", await configFile(yaml)]);

    expect(code).toBe(78);
    expect(stderr).toMatch(text);
  });

  it("refuses a file that is not there, and a variable it does not know", async () => {
    const absent = await runCli(["check-config", "--config", path.join(dir, "absent.yaml")]);
    const unknown = await runCli(["check-config"], { CHASQUI_LISTN: "x" });

    expect(absent).toMatchObject({ code: 78, stderr: expect.stringContaining("absent.yaml") as string });
    expect(unknown.code).toBe(78);
    expect(unknown.stderr).toContain(
      "environment CHASQUI_LISTN: unknown variable; did you mean CHASQUI_LISTEN?",
    );
  });
});

describe("config show", () => {
  it("tells where each value comes from and shows no secret", async () => {
    const file = await configFile(
      "server:\n  drain: 7s\napi_keys:\n  - name: mine\n    key: canary-client\nupstreams:\n  - url: h1\n    api_key: canary-upstream\n",
    );

    const { code, stdout } = await runCli(["config", "show", "--config", file, "--log-level", "warn"], {
      CHASQUI_DEMO: "off",
    });

    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`drain: 7s +# ${file}:2:3`));
    expect(stdout).toMatch(/level: warn +# flag --log-level/);
    expect(stdout).toMatch(/demo: "?off"? +# environment CHASQUI_DEMO/);
    expect(stdout).toMatch(/body_limit: 100MiB +# default/);
    expect(stdout).not.toContain("canary");
  });

  it("prints JSON that holds no secret either", async () => {
    const { stdout } = await runCli(["config", "show", "--json"], { CHASQUI_API_KEY: "canary-environment" });
    const settings = JSON.parse(stdout) as { key: string; origin: string }[];

    expect(settings.find((one) => one.key === "api_keys")?.origin).toBe("environment CHASQUI_API_KEY");
    expect(stdout).not.toContain("canary");
  });
});

describe("version", () => {
  it.each([[["--version"]], [["-v"]], [["version"]]])("is printed for %j", async (args) => {
    const { code, stdout } = await runCli(args, neverServes);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^chasqui \d+\.\d+\.\d+\n$/);
  });

  it("is printed as JSON", async () => {
    expect(JSON.parse((await runCli(["version", "--json"])).stdout)).toMatchObject({ node: process.version });
  });
});

describe("healthcheck", () => {
  it("is 0 with a daemon and 1 without", async () => {
    const daemon = await spawnDaemon([]);

    const well = await runCli(["healthcheck", "--listen", `127.0.0.1:${daemon.port}`]);
    await daemon.stop();
    const gone = await runCli(["healthcheck", "--listen", `127.0.0.1:${daemon.port}`]);

    expect(well).toMatchObject({ code: 0, stdout: "ok\n" });
    expect(gone.code).toBe(1);
    expect(gone.stderr).not.toBe("");
  });

  it("is 0 for a daemon that wants keys", async () => {
    const environment = { CHASQUI_API_KEY: "secret" };
    const daemon = await spawnDaemon([], environment);

    const { code } = await runCli(["healthcheck", "--listen", `127.0.0.1:${daemon.port}`], environment);
    await daemon.stop();

    expect(code).toBe(0);
  });
});

describe("keys create", () => {
  it("prints a key and lines of configuration that let it in", async () => {
    const { code, stdout } = await runCli(["keys", "create", "laptop"]);
    const key = /^key: (\S+)$/m.exec(stdout)?.[1] ?? "";
    const daemon = await spawnDaemon([
      "--config",
      await configFile(stdout.slice(stdout.indexOf("api_keys:"))),
    ]);
    const ask = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${daemon.url}/api/tags`, { headers });

    const statuses = [
      (await ask({ authorization: `Bearer ${key}` })).status,
      (await ask({ "x-api-key": key })).status,
      (await ask({})).status,
    ];
    await daemon.stop();

    expect(code).toBe(0);
    expect(statuses).toEqual([200, 200, 401]);
  });

  it("never prints the same key twice", async () => {
    const [one, two] = await Promise.all([runCli(["keys", "create", "a"]), runCli(["keys", "create", "a"])]);

    expect(one.stdout).not.toBe(two.stdout);
  });
});

describe("starting", () => {
  it("ends with 69 and two ways out when the address is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;

    const { code, stderr } = await runCli(["--listen", `127.0.0.1:${port}`, "--data-dir", dir]);
    holder.close();

    expect(code).toBe(69);
    expect(stderr).toContain(`127.0.0.1:${port} is taken`);
    expect(stderr).toContain("chasqui --listen");
    expect(stderr.trim().split("\n").length).toBeGreaterThanOrEqual(3);
  });

  it.each([["0.0.0.0:0"], ["[::]:0"], [":0"], ["192.0.2.1:0"]])(
    "refuses %s without keys and names both ways out",
    async (listen) => {
      const { code, stderr } = await runCli(["--listen", listen, "--data-dir", dir]);

      expect(code).toBe(78);
      expect(stderr).toContain("api_keys");
      expect(stderr).toContain("auth: none");
      expect(stderr).toContain("flag --listen");
    },
  );

  it("listens beyond loopback when told that everyone may use it, and warns of it", async () => {
    const daemon = await spawnDaemon(["--listen", "0.0.0.0:0"], { CHASQUI_AUTH: "none" });

    const output = daemon.output();
    await daemon.stop();

    expect(output).toMatch(/"level":"warn","message":"auth is none/);
  });

  it.each([["5732"], ["localhost"], ["127.0.0.1:99999"], ["http://127.0.0.1:5732"], [""]])(
    "refuses to listen at %j",
    async (listen) => {
      expect((await runCli(["--listen", listen])).code).toBe(78);
    },
  );

  it("refuses an upstream that is itself", async () => {
    const { code, stderr } = await runCli(["--listen", "127.0.0.1:5999", "--upstream", "localhost:5999"]);

    expect(code).toBe(78);
    expect(stderr).toContain("own address");
  });

  it("obeys every flag of serve", async () => {
    const [one, two] = await Promise.all([startFakeOllama(), startFakeOllama()]);
    const file = await configFile("server:\n  body_limit: 1KiB\n");
    const daemon = await spawnDaemon([
      "--upstream",
      one.url,
      "--upstream",
      `ollama=${two.url}`,
      "--config",
      file,
      "--data-dir",
      path.join(dir, "data"),
      "--log-level",
      "debug",
      "--log-format",
      "json",
    ]);

    const { upstreams } = (await (await fetch(`${daemon.url}/api/stats`)).json()) as {
      upstreams: { url?: string }[];
    };
    const tooLarge = await fetch(`${daemon.url}/api/chat`, { method: "POST", body: " ".repeat(2_000) });
    await fetch(`${daemon.url}/healthz`);
    daemon.child.kill("SIGTERM");
    await daemon.exited;
    await Promise.all([one.stop(), two.stop()]);

    expect(upstreams.map((upstream) => upstream.url)).toEqual(expect.arrayContaining([one.url, two.url]));
    expect(tooLarge.status).toBe(413);
    expect(daemon.output()).toContain('"level":"debug"');
    await daemon.stop();
  });
});
