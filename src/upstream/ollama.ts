import { type Call, isRepeatable } from "../core/call.ts";
import { modelKey, parseModelName } from "../core/model-name.ts";
import type { Signal } from "../lib/abort.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import { createHealth, type HealthState } from "./health.ts";
import { checkMayLeave } from "./may-leave.ts";
import { createModelShelf, fetchOllamaLists, fetchOllamaVersion } from "./models.ts";
import { type Attempt, createPool, type Pool } from "./pool.ts";
import { placesOf, type ServerOptions } from "./server-options.ts";
import { renamedReply } from "./renamed.ts";
import type { Target, Upstream, UpstreamReply } from "./upstream.ts";

export interface OllamaParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onState: (upstream: string, state: HealthState) => void;
}

/** A real Ollama server. */
export function createOllamaUpstream(
  options: ServerOptions,
  { clock, random, onState }: OllamaParts,
): Upstream {
  const { name, url } = options;
  const headers = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const pool = createPool({ ...options, headers, clock });
  const { probeWaitMs } = options;
  const shelf = createModelShelf({
    fetchLists: (before) => fetchOllamaLists(pool, probeWaitMs, before),
    fetchVersion: () => fetchOllamaVersion(pool, probeWaitMs),
    clock,
  });
  /** A look that fails leaves the last good lists, marked. */
  const look = (): Promise<void> => shelf.look().catch(shelf.markStale);

  const health = createHealth({
    options: options.breaker,
    clock,
    random,
    onChange: (state) => {
      if (state === "down") shelf.markStale();
      onState(name, state);
    },
    // The version alone decides; the lists are fetched before anyone is told that the upstream is back.
    ask: async () => {
      await shelf.lookAtVersion();
      await look();
    },
  });

  return {
    name,
    type: "ollama",
    isCloud: options.isCloud,
    takesAnyModel: false,
    trouble: undefined,
    url,
    configured: options.configured,
    health,
    ...placesOf(options, clock),
    get models() {
      return shelf.list;
    },
    async send(call, target, signal) {
      checkMayLeave(call, options.isCloud);
      return sendTo(pool, { call, target, name }, signal);
    },
    async refresh() {
      if (health.state === "up") await look();
      // A look that failed is followed by a probe, which tells whether the upstream is gone.
      if (health.state === "up" && !shelf.list.stale) return;
      await health.probe();
    },
    noteLoaded: shelf.noteLoaded,
    close() {
      health.close();
      pool.close();
    },
  };
}

interface Sending {
  readonly call: Call;
  readonly target: Target;
  readonly name: string;
}

/** The client's own bytes both ways; only a model in the place of the one it named has them edited. */
async function sendTo(pool: Pool, { call, target, name }: Sending, signal: Signal): Promise<UpstreamReply> {
  if (isAsked(call, target)) return pool.send(attemptOf(call, call.raw), signal);
  const body = Buffer.from(JSON.stringify({ ...withoutModel(call.wire), model: target.model }));
  const reply = await pool.send(attemptOf(call, body), signal);
  return { ...renamedReply(reply, call, name), lane: "edit" };
}

/** Whether the target is what the client named, so that its bytes say it already. */
function isAsked({ model }: Call, { key }: Target): boolean {
  const name = parseModelName(model);
  return name === undefined || modelKey(name) === key || key === "";
}

const withoutModel = (wire: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(wire).filter(([name]) => name.toLowerCase() !== "model"));

function attemptOf({ method, path, headers, operation }: Call, raw: Call["raw"]): Attempt {
  const body = raw instanceof Uint8Array && raw.length === 0 ? undefined : raw;
  return { method, path, headers, body, repeatable: isRepeatable(operation) };
}
