import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { eventually, scratch, spawnDaemon, startDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { startFakeOllama, type FakeOllama } from "../support/fake-ollama.ts";
import { openSocket } from "../support/raw-client.ts";

let dir: string;
let cleanUp: () => Promise<void>;
let ollama: FakeOllama;
const running: SpawnedDaemon[] = [];

beforeEach(async () => {
  ({ dir, cleanUp } = await scratch());
  ollama = await startFakeOllama();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
  await ollama.stop();
  await cleanUp();
});

const file = (): string => path.join(dir, "config.yaml");

async function start(yaml: string, environment: NodeJS.ProcessEnv = {}): Promise<SpawnedDaemon> {
  await writeFile(file(), `upstreams:\n  - url: ${ollama.url}\n${yaml}`);
  const daemon = await spawnDaemon(["--config", file()], environment);
  running.push(daemon);
  return daemon;
}

interface Stream {
  readonly begun: Promise<void>;
  /** The whole text, and whether the answer ended as it should. */
  readonly ended: Promise<{ text: string; whole: boolean }>;
}

function chat(daemon: SpawnedDaemon, model: string): Stream {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "x" }] });
  let text = "";
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const ended = new Promise<{ text: string; whole: boolean }>((resolve, reject) => {
    const outgoing = request(`${daemon.url}/api/chat`, { method: "POST", agent: false }, (answer) => {
      answer.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        begin();
      });
      answer.on("error", () => undefined);
      answer.on("close", () => resolve({ text, whole: answer.complete }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  return { begun, ended };
}

const statusOf = async (daemon: SpawnedDaemon, at: string): Promise<number> =>
  (await fetch(`${daemon.url}${at}`, { headers: { connection: "close" } })).status;

const linesOf = (daemon: SpawnedDaemon): Record<string, unknown>[] =>
  daemon
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const said = (daemon: SpawnedDaemon, message: string): Record<string, unknown>[] =>
  linesOf(daemon).filter((line) => line.message === message);

describe("SIGTERM", () => {
  it("lets a running stream finish and ends with 0", async () => {
    const daemon = await start("");
    const stream = chat(daemon, "held");
    await stream.begun;

    daemon.child.kill("SIGTERM");
    await eventually(() => said(daemon, "draining").length === 1, "it drains");
    ollama.release();

    const { text, whole } = await stream.ended;
    expect(whole).toBe(true);
    expect(text).toContain('"done":true');
    expect(await daemon.exited).toBe(0);
    expect(daemon.output()).toContain('"message":"stopped"');
  });

  it("tells an endless stream that it is cut, and ends with 0", async () => {
    const daemon = await start("server:\n  drain: 300ms\n");
    const stream = chat(daemon, "endless");
    await stream.begun;

    daemon.child.kill("SIGTERM");

    const { text, whole } = await stream.ended;
    expect(whole).toBe(false);
    expect(JSON.parse(text.trimEnd().split("\n").at(-1) ?? "")).toEqual({
      error: "Chasqui is shutting down",
    });
    expect(await daemon.exited).toBe(0);
    expect(said(daemon, "stopped")).toMatchObject([{ cut: 1 }]);
    expect(said(daemon, "request")).toMatchObject([{ error: "draining" }]);
  });

  it("is not held by half a head, nor by idle connections", async () => {
    const daemon = await start("server:\n  drain: 20s\n  header_timeout: 20s\n");
    const half = await openSocket(daemon.port);
    half.write("POST /api/chat HTTP/1.1\r\nHost: loc");
    const idle = await openSocket(daemon.port);
    const answered = once(idle, "data");
    idle.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await answered;
    await openSocket(daemon.port);

    daemon.child.kill("SIGTERM");

    const ended = await Promise.race([
      daemon.exited,
      once(setTimeoutTarget(5_000), "late").then(() => "late"),
    ]);
    expect(ended).toBe(0);
  });

  it("is not held longer than the drain by half a body", async () => {
    const daemon = await start("server:\n  drain: 200ms\n");
    const half = await openSocket(daemon.port);
    half.write("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    await eventually(async () => {
      const answer = await fetch(`${daemon.url}/api/stats`);
      return ((await answer.json()) as Stats).requests.in_flight === 2;
    }, "the request is in flight");

    daemon.child.kill("SIGTERM");

    expect(await daemon.exited).toBe(0);
  });

  it("turns /readyz to 503 first, while requests are still answered", async () => {
    const daemon = await start("server:\n  shutdown_delay: 1s\n");

    daemon.child.kill("SIGTERM");
    await eventually(async () => (await statusOf(daemon, "/readyz")) === 503, "it is not ready");

    expect(await statusOf(daemon, "/api/tags")).toBe(200);
    expect(await statusOf(daemon, "/healthz")).toBe(200);
    expect(await daemon.exited).toBe(0);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("ends at once when %s follows, with %i", async (signal, code) => {
    const daemon = await start("server:\n  drain: 20s\n");
    const stream = chat(daemon, "endless");
    await stream.begun;

    daemon.child.kill("SIGTERM");
    await eventually(() => said(daemon, "draining").length === 1, "it drains");
    daemon.child.kill(signal);

    expect(await daemon.exited).toBe(code);
    await stream.ended;
  });
});

interface Stats {
  readonly requests: { readonly in_flight: number };
}

/** Emits `late` once the time is over; only a hanging daemon ever lets it. */
function setTimeoutTarget(waitMs: number): EventTarget {
  const target = new EventTarget();
  setTimeout(() => target.dispatchEvent(new Event("late")), waitMs).unref();
  return target;
}

describe("SIGHUP", () => {
  const reload = async (daemon: SpawnedDaemon, yaml: string): Promise<void> => {
    const before = linesOf(daemon).filter((line) =>
      /^configuration (?:not )?reloaded/.test(String(line.message)),
    );
    await writeFile(file(), yaml);
    daemon.child.kill("SIGHUP");
    await eventually(() => {
      const now = linesOf(daemon).filter((line) =>
        /^configuration (?:not )?reloaded/.test(String(line.message)),
      );
      return now.length > before.length;
    }, "the configuration was read anew");
  };

  it("applies a new upstream, a new key and a new log level", async () => {
    const daemon = await start("");
    const other = await startFakeOllama();

    await reload(
      daemon,
      `upstreams:\n  - {name: second, url: "${other.url}"}\napi_keys:\n  - {name: a, key: secret}\nlog:\n  level: debug\n`,
    );
    const without = await statusOf(daemon, "/api/stats");
    const answer = await fetch(`${daemon.url}/api/show`, {
      method: "POST",
      headers: { authorization: "Bearer secret" },
      body: '{"model":"hello"}',
    });
    await statusOf(daemon, "/healthz");

    expect(without).toBe(401);
    expect(answer.headers.get("x-chasqui-upstream")).toBe("second");
    await eventually(() => daemon.output().includes('"level":"debug"'), "it logs more");
    await other.stop();
  });

  it.each([
    ["syntax", "server: [\n", /config\.yaml:\d+:\d+: /],
    ["an unknown key", "servr: 1\n", /config\.yaml:1:1: servr: unknown key; did you mean server\?/],
    ["two mistakes", "demo: 7\nlog: {level: loud}\n", /config\.yaml:1:1: demo/],
  ])(
    "keeps the old configuration when the new one has %s, and says where in one line",
    async (_name, yaml, text) => {
      const daemon = await start("");

      await reload(daemon, yaml);

      const [line, ...more] = linesOf(daemon).filter((one) => one.level === "error");
      expect(more).toEqual([]);
      expect(String(line?.problems)).toMatch(text);
      expect(await statusOf(daemon, "/api/tags")).toBe(200);
      const stats = (await (await fetch(`${daemon.url}/api/stats`)).json()) as Record<string, unknown>;
      expect(stats.config).toEqual({ reloads: 0, failed_reloads: 1, last_reload_successful: false });
    },
  );

  it.each([
    ["server.header_limit", "server:\n  header_limit: 8KiB\n"],
    ["server.connections_max", "server:\n  connections_max: 7\n"],
    ["server.keep_alive_timeout", "server:\n  keep_alive_timeout: 1s\n"],
  ])("names %s as waiting for a restart", async (key, yaml) => {
    const daemon = await start("");
    await reload(daemon, `upstreams:\n  - url: ${ollama.url}\n${yaml}`);

    expect(said(daemon, "configuration reloaded")[0]?.needs_restart).toEqual([key]);
  });

  it("leaves running streams alone, even when their upstream goes", async () => {
    const daemon = await start("");
    const stream = chat(daemon, "held");
    await stream.begun;

    await reload(daemon, "demo: on\nupstreams: [{name: other, url: 127.0.0.1:1}]\n");
    ollama.release();

    expect((await stream.ended).text).toContain('"done":true');
    expect((await stream.ended).whole).toBe(true);
  });

  const definitions = (url: string, index: number): string =>
    `upstreams:\n  - url: ${url}\nupstream_limits:\n  keep_alive: 1h\ntimeouts:\n  idle: ${index + 1}m\n`;

  it("leaks no connection over fifty changes of an upstream", async () => {
    const daemon = await startDaemon(definitions(ollama.url, 0));

    for (let index = 1; index <= 50; index++) {
      await writeFile(file(), definitions(ollama.url, index));
      await daemon.daemon.reload(loadConfig({ config: file() }, {}));
    }

    await eventually(
      async () => (await ollama.connections()) <= 4,
      "only the last upstream's connections are open",
    );
    expect(daemon.daemon.registry.upstreams).toHaveLength(1);
    await daemon.stop();
  });

  it("leaks no connection when changes overlap, and the last one holds", async () => {
    const daemon = await startDaemon(definitions(ollama.url, 0));
    const reloads = [];
    for (let index = 1; index <= 8; index++) {
      await writeFile(file(), definitions(ollama.url, index % 2) + (index === 8 ? "demo: on\n" : ""));
      reloads.push(daemon.daemon.reload(loadConfig({ config: file() }, {})));
    }

    await Promise.all(reloads);

    expect(daemon.daemon.registry.upstreams.map((one) => one.type)).toEqual(["ollama", "demo"]);
    await eventually(
      async () => (await ollama.connections()) <= 4,
      "only the last upstream's connections are open",
    );
    await daemon.stop();
  });
});

describe("SIGUSR1", () => {
  it("opens no inspector", async () => {
    const daemon = await start("");

    daemon.child.kill("SIGUSR1");
    await eventually(() => said(daemon, "SIGUSR1 is not used").length === 1, "the signal was seen");

    expect(daemon.output()).not.toContain("Debugger listening");
    expect(await statusOf(daemon, "/healthz")).toBe(200);
  });
});

describe("the log", () => {
  const canaries = [
    "canary-prompt",
    "canary-client",
    "canary-wrong",
    "canary-upstream",
    "canary-query",
    "canary-image",
  ];

  it("has one line for each request, and no secret or prompt is anywhere", async () => {
    const daemon = await start(
      "    api_key: canary-upstream\napi_keys:\n  - {name: laptop, key: canary-client}\nlog:\n  level: debug\n",
    );
    const authorization = "Bearer canary-client";
    const send = async (at: string, init: RequestInit = {}): Promise<string> => {
      const answer = await fetch(`${daemon.url}${at}`, { headers: { authorization }, ...init });
      return answer.text();
    };
    const prompt = {
      messages: [{ role: "user", content: "canary-prompt" }],
      options: { seed: "canary-prompt" },
    };
    const bodies = [
      { model: "hello", ...prompt },
      { model: "nope", ...prompt },
      { model: "hello", messages: "canary-prompt" },
      { model: "hello", messages: [{ role: "user", content: "x", images: ["canary-image!"] }] },
    ].map((body) => JSON.stringify(body));

    const answers = [
      ...(await Promise.all(
        bodies.map((body) => send("/api/chat?k=canary-query", { method: "POST", body })),
      )),
      await send("/api/chat", { method: "POST", body: '{"canary-prompt' }),
      await send("/api/canary-query/none"),
      await send("/api/tags", { headers: { "x-api-key": "canary-wrong" } }),
      await send("/api/stats"),
    ];
    daemon.child.kill("SIGTERM");
    await daemon.exited;

    const requests = said(daemon, "request");
    expect(requests).toHaveLength(answers.length);
    expect(new Set(requests.map((line) => line.id)).size).toBe(answers.length);
    expect(requests.find((line) => line.model === "hello" && line.status === 200)).toMatchObject({
      level: "info",
      method: "POST",
      route: "/api/chat",
      lane: "relay",
      answered_model: "hello",
      upstream: "ollama",
      key: "laptop",
      input_tokens: 3,
      output_tokens: 2,
      bytes_in: bodies[0]?.length,
      bytes_out: expect.any(Number) as number,
      first_byte_ms: expect.any(Number) as number,
      total_ms: expect.any(Number) as number,
    });
    expect(requests.find((line) => line.status === 401)).toMatchObject({
      error: "unauthorized",
      route: "/api/tags",
    });
    for (const canary of canaries)
      expect(daemon.output() + answers.at(-1) + answers[1] + answers[6]).not.toContain(canary);
    expect(ollama.calls.some((call) => call.headers.authorization === "Bearer canary-upstream")).toBe(true);
  });

  it("notes a client that left as 499", async () => {
    const daemon = await start("");
    const controller = new AbortController();
    const answer = await fetch(`${daemon.url}/api/chat`, {
      method: "POST",
      signal: controller.signal,
      body: JSON.stringify({ model: "endless", messages: [{ role: "user", content: "x" }] }),
    });
    await answer.body?.getReader().read();

    controller.abort();

    await eventually(() => said(daemon, "request").length === 1, "the request is logged");
    expect(said(daemon, "request")).toMatchObject([{ error: "client_closed", model: "endless" }]);
  });

  it("may lose its reader without harm", async () => {
    const daemon = await start("log:\n  level: debug\n");

    daemon.child.stdout?.destroy();
    for (let index = 0; index < 50; index++) expect(await statusOf(daemon, "/healthz")).toBe(200);
    daemon.child.kill("SIGTERM");

    expect(await daemon.exited).toBe(0);
  });
});

describe("the first run", () => {
  const binary = fileURLToPath(new URL("../../bin/chasqui", import.meta.url));

  const banner = async (): Promise<string> => {
    const args = ["--listen", "127.0.0.1:0", "--data-dir", path.join(dir, "data"), "--log-format", "pretty"];
    const child = spawn(
      process.execPath,
      [binary, ...args, "--upstream", ollama.url, "--log-level", "warn"],
      {
        env: { PATH: process.env.PATH, HOME: dir, XDG_CONFIG_HOME: dir },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const exited = once(child, "exit");
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => output.includes("listening on"), "it listens");
    child.kill("SIGTERM");
    await exited;
    return output;
  };

  it("shows everything once, and one line after that", async () => {
    const first = await banner();
    const second = await banner();

    expect(first).toMatch(/^chasqui \d+\.\d+\.\d+ {2}listening on http:\/\/127\.0\.0\.1:\d+/);
    expect(first).toMatch(/upstream +ollama http:\/\/127\.0\.0\.1:\d+ +ok, 6 models/);
    expect(first).toMatch(/OLLAMA_HOST=127\.0\.0\.1:\d+ ollama run \S+/);
    expect(second.trimEnd().split("\n")).toHaveLength(1);
    expect(first + second).not.toContain("\u001b");
  });

  it("keeps its identity in a file for its owner alone", async () => {
    await banner();

    const { stat } = await import("node:fs/promises");
    const directory = await stat(path.join(dir, "data"));
    const instance = path.join(dir, "data", "instance");

    expect(directory.mode & 0o077).toBe(0);
    expect((await stat(instance)).mode & 0o077).toBe(0);
    expect(await readFile(instance, "utf8")).toMatch(/^[0-9a-f-]{36}\n$/);
  });
});
