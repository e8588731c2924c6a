import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { eventually } from "./daemon.ts";

/** A real Redis on a free port. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A plain client of it. */
  readonly client: Redis;
  /** Stops answering, connections open. */
  freeze(): void;
  thaw(): void;
  /** Ends at once; `start` begins it anew on the same port, empty. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Where services are required, a missing one is a failure and not a reason to skip. */
const isRequired = process.env.CI_SERVICES === "required";

/** Whether specs that need a Redis can run. */
export const hasRedis = isInstalled() || isRequired;
export const whyWithoutRedis = "redis-server is not installed";

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export async function startRedis(args: readonly string[] = [], password?: string): Promise<RedisServer> {
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-redis-"));
  const port = await freePort();
  const auth = password === undefined ? [] : ["--requirepass", password];
  const client = new Redis({
    port,
    ...(password === undefined ? {} : { password }),
    retryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const all = ["--port", String(port), "--dir", dir, "--save", "", "--appendonly", "no", ...auth, ...args];
    child = spawn("redis-server", all, { stdio: "ignore" });
    await eventually(async () => (await client.ping().catch(() => "")) === "PONG", "redis-server answers");
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    client,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    kill,
    start,
    async stop() {
      client.disconnect();
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
