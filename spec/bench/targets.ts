import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { spawnDaemon } from "../support/daemon.ts";

/** Something the load is sent to. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** CPU time its process has used so far, in milliseconds; undefined when it is not measured. */
  cpuMs(): Promise<number | undefined>;
  rssBytes(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** The upstream itself, in a process of its own. */
export const startUpstream = (): Promise<Target> => startScript("upstream.ts", "direct");

/** A server that does the least for a hit, in a process of its own. */
export const startBare = (): Promise<Target> => startScript("bare.ts", "bare node:http");

async function startScript(file: string, name: string): Promise<Target> {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(script, { execArgv: ["--import", "tsx"] });
  const [port] = (await once(child, "message")) as [number];
  return {
    name,
    port,
    cpuMs: () => Promise.resolve(cpuMsOf(child.pid ?? 0)),
    rssBytes: () => Promise.resolve(rssBytesOf(child.pid ?? 0)),
    stop: () => ended(child),
  };
}

export async function startChasqui(
  upstreamPort: number,
  cache: "on" | "off",
  { type = "ollama", ...environment }: NodeJS.ProcessEnv & { readonly type?: string } = {},
): Promise<Target> {
  const enabled = { CHASQUI_CACHE_ENABLED: String(cache === "on") };
  const daemon = await spawnDaemon(
    ["--upstream", `${type}=http://127.0.0.1:${upstreamPort}`, "--log-level", "info"],
    {
      ...enabled,
      ...environment,
    },
  );
  const stats = async (): Promise<{ process: { cpu_ms: number; rss_bytes: number } }> => {
    const { body } = await request(`${daemon.url}/api/stats`);
    return (await body.json()) as { process: { cpu_ms: number; rss_bytes: number } };
  };
  return {
    name: type === "ollama" ? "chasqui" : `chasqui, from ${type}`,
    port: daemon.port,
    cpuMs: async () => (await stats()).process.cpu_ms,
    rssBytes: async () => (await stats()).process.rss_bytes,
    stop: () => daemon.stop(),
  };
}

/** nginx with one worker, where it is installed: a plain reverse proxy, or one that caches by the request's body. */
export async function startNginx(
  upstreamPort: number,
  kind: "proxy" | "proxy_cache" = "proxy",
): Promise<Target | undefined> {
  if (!nginxInstalled()) return undefined;
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-bench-"));
  const port = await freePort();
  const file = path.join(dir, "nginx.conf");
  writeFileSync(file, nginxConfig(dir, { port, upstreamPort, kind }));
  const child = spawn("nginx", ["-c", file, "-p", dir, "-g", "daemon off;"], { stdio: "ignore" });
  await answering(port);
  const pids = (): number[] => [child.pid ?? 0, ...childrenOf(child.pid ?? 0)];
  return {
    name: kind === "proxy" ? "nginx" : "nginx proxy_cache",
    port,
    cpuMs: () => Promise.resolve(sum(pids().map(cpuMsOf))),
    rssBytes: () => Promise.resolve(sum(pids().map(rssBytesOf))),
    stop: () => ended(child),
  };
}

interface NginxOptions {
  readonly port: number;
  readonly upstreamPort: number;
  readonly kind: "proxy" | "proxy_cache";
}

const caching = `
      client_body_buffer_size 64k;
      client_max_body_size 64k;
      proxy_cache answers;
      proxy_cache_methods POST;
      proxy_cache_key "$uri$request_body";
      proxy_cache_valid 200 1h;`;

const nginxConfig = (dir: string, { port, upstreamPort, kind }: NginxOptions): string => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${dir}/pid;
error_log ${dir}/error.log;
events { worker_connections 1024; }
http {
  access_log ${dir}/access.log;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  proxy_cache_path ${dir}/cache keys_zone=answers:8m;
  upstream model { server 127.0.0.1:${upstreamPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      ${kind === "proxy" ? "proxy_buffering off;" : caching}
    }
  }
}
`;

function nginxInstalled(): boolean {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(port: number): Promise<void> {
  for (let left = 100; left > 0; left--) {
    const up = await request(`http://127.0.0.1:${port}/api/version`).then(
      async ({ body }) => body.dump().then(() => true),
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("nginx did not start");
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

/** The kernel counts in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const rssBytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
