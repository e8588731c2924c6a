import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../src/config/load.ts";
import { createLogger, type LogFields, type LogSink } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { createDaemon, type Daemon } from "../../src/main.ts";

const binary = fileURLToPath(new URL("../../bin/chasqui", import.meta.url));

/** A fresh directory that `cleanUp` removes. */
export async function scratch(): Promise<{ dir: string; cleanUp: () => Promise<void> }> {
  const dir = await mkdtemp(path.join(tmpdir(), "chasqui-spec-"));
  return { dir, cleanUp: () => rm(dir, { recursive: true, force: true }) };
}

export interface RunningDaemon {
  readonly url: string;
  readonly port: number;
  readonly daemon: Daemon;
  /** Parsed log lines, oldest first. */
  readonly lines: LogFields[];
  stop(): Promise<void>;
}

/** What is asked twice is answered twice, unless a spec is about the cache and says so. */
const withoutCache = "cache: { enabled: false }\n";

/** Runs a daemon inside this process, on a free port, with `yaml` as its configuration; without a cache unless it says. */
export async function startDaemon(yaml: string, environment: NodeJS.ProcessEnv = {}): Promise<RunningDaemon> {
  const { dir, cleanUp } = await scratch();
  const file = path.join(dir, "config.yaml");
  await writeFile(file, yaml.includes("cache:") ? yaml : withoutCache + yaml);
  const loaded = loadConfig({ config: file, dataDir: dir }, environment);
  const lines: LogFields[] = [];
  const sink: LogSink = {
    write: (line) => void lines.push(JSON.parse(line) as LogFields),
    flushSync: () => undefined,
    dropped: 0,
  };
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now: systemClock.epochMs });
  const daemon = createDaemon({
    loaded,
    clock: systemClock,
    log: () => log,
    droppedLogLines: () => 0,
    version: "0.0.0",
    instanceId: `spec-${path.basename(dir)}`,
  });
  await daemon.start(2_000);
  daemon.server.listen(0, "127.0.0.1");
  await once(daemon.server, "listening");
  const { port } = daemon.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    daemon,
    lines,
    async stop() {
      daemon.registry.stop();
      for (const one of daemon.registry.upstreams) one.close();
      daemon.server.closeAllConnections();
      await new Promise((resolve) => daemon.server.close(resolve));
      await daemon.close();
      await cleanUp();
    },
  };
}

export interface SpawnedDaemon {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything it wrote to standard output and standard error so far. */
  output(): string;
  /** Resolves with the exit code (or the signal's name). */
  readonly exited: Promise<number | string>;
  stop(): Promise<void>;
}

export interface SpawnOptions {
  /** In place of a data directory of its own, which is gone when it stops. */
  readonly dataDir?: string;
}

/** Starts `bin/chasqui serve` on a free port with a data directory of its own; resolves when it listens. */
export async function spawnDaemon(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  { dataDir }: SpawnOptions = {},
): Promise<SpawnedDaemon> {
  const { dir, cleanUp } =
    dataDir === undefined ? await scratch() : { dir: dataDir, cleanUp: () => Promise.resolve() };
  const all = ["serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--log-format", "json", ...args];
  const child = spawn(binary, all, {
    env: { PATH: process.env.PATH, HOME: dir, XDG_CONFIG_HOME: dir, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  const port = await new Promise<number>((resolve, reject) => {
    const look = (): void => {
      const found = /"message":"listening".*?"url":"http:\/\/[^"]*:(\d+)"/.exec(output);
      if (found === null) return;
      child.stdout.off("data", look);
      resolve(Number(found[1]));
    };
    child.stdout.on("data", look);
    void exited.then((code) => reject(new Error(`ended with ${code} before it listened:\n${output}`)));
    setTimeout(() => reject(new Error(`did not listen in time:\n${output}`)), 10_000).unref();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    child,
    output: () => output,
    exited,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
      await cleanUp();
    },
  };
}

/** Runs `bin/chasqui` to its end. */
export async function runCli(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { dir, cleanUp } = await scratch();
  const child = spawn(binary, [...args], {
    env: { PATH: process.env.PATH, HOME: dir, XDG_CONFIG_HOME: dir, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  await cleanUp();
  return { code, stdout, stderr };
}

/** Waits until `holds` does, looking every few milliseconds; fails after `waitMs`. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  waitMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it never came true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
