import { Pool } from "undici";
import { startChasqui, startNginx, startUpstream, type Target } from "./targets.ts";

/** One kind of load. */
interface Load {
  readonly name: string;
  readonly stream: boolean;
  readonly clients: number;
  readonly requests: number;
  /** What one request counts as: itself, or the lines of its stream. */
  readonly units: number;
  readonly unit: "request" | "chunk";
}

const loads: readonly Load[] = [
  { name: "600 B whole, 1 client", stream: false, clients: 1, requests: 4_000, units: 1, unit: "request" },
  {
    name: "600 B whole, 32 clients",
    stream: false,
    clients: 32,
    requests: 10_000,
    units: 1,
    unit: "request",
  },
  { name: "600-chunk stream, 8 clients", stream: true, clients: 8, requests: 32, units: 600, unit: "chunk" },
];

const rounds = 3;

interface Result {
  readonly cpuUs: number | undefined;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function drive(target: Target, load: Load): Promise<Result> {
  const pool = new Pool(`http://127.0.0.1:${target.port}`, { connections: load.clients, pipelining: 1 });
  const body = JSON.stringify({
    model: "bench",
    stream: load.stream,
    messages: [{ role: "user", content: "y".repeat(200) }],
  });
  const took: number[] = [];
  const before = await target.cpuMs();
  let left = load.requests;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startedMs = performance.now();
      const answer = await pool.request({
        path: "/api/chat",
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      if (answer.statusCode !== 200) throw new Error(`${target.name} answered ${answer.statusCode}`);
      await answer.body.dump({ limit: 1e9 });
      took.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  const after = await target.cpuMs();
  await pool.close();
  took.sort((a, b) => a - b);
  const cpuMs = before === undefined || after === undefined ? undefined : after - before;
  return {
    cpuUs: cpuMs === undefined ? undefined : (cpuMs * 1_000) / (load.requests * load.units),
    p50Ms: took[Math.floor(took.length * 0.5)] ?? 0,
    p99Ms: took[Math.floor(took.length * 0.99)] ?? 0,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function summary(results: readonly Result[]): Result {
  const cpu = results.map((one) => one.cpuUs).filter((one) => one !== undefined);
  return {
    cpuUs: cpu.length === 0 ? undefined : median(cpu),
    p50Ms: median(results.map((one) => one.p50Ms)),
    p99Ms: median(results.map((one) => one.p99Ms)),
  };
}

const shown = (value: number | undefined, digits = 3): string =>
  value === undefined ? "-" : value.toFixed(digits);

/** Rounds are interleaved, so that a noisy moment of the machine hits every target alike. */
async function compare(targets: readonly Target[], load: Load): Promise<void> {
  const results = new Map<string, Result[]>(targets.map((one) => [one.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const target of targets) results.get(target.name)?.push(await drive(target, load));
  }
  const direct = summary(results.get("direct") ?? []);
  console.log(`\n${load.name}`);
  for (const [name, all] of results) {
    const { cpuUs, p50Ms, p99Ms } = summary(all);
    const cells = [
      name.padEnd(22),
      `CPU ${shown(cpuUs === undefined ? undefined : cpuUs / 1_000, 4)} ms/${load.unit}`,
      `p50 ${shown(p50Ms)} ms (+${shown(p50Ms - direct.p50Ms)})`,
      `p99 ${shown(p99Ms)} ms (+${shown(p99Ms - direct.p99Ms)})`,
    ];
    console.log(cells.join("   "));
  }
}

const upstream = await startUpstream();
const nginx = await startNginx(upstream.port);
const targets = [upstream, await startChasqui(upstream.port, "off"), ...(nginx === undefined ? [] : [nginx])];
const translating = await startChasqui(upstream.port, "off", { type: "llama-server" });
if (nginx === undefined) console.log("nginx is not installed, so it is left out");

const [first] = loads;
if (first !== undefined)
  for (const target of targets) await drive(target, { ...first, requests: 3_000, clients: 8 });
for (const load of loads) await compare(load.stream ? [...targets, translating] : targets, load);

console.log("\nmemory after all of it");
for (const target of targets) {
  const bytes = await target.rssBytes();
  if (bytes !== undefined) console.log(`${target.name.padEnd(22)} ${(bytes / 1e6).toFixed(0)} MB RSS`);
}
for (const target of [...targets, translating]) await target.stop();
