import { type ProxyError, toProxyError } from "../../core/error.ts";
import { nanoUsdOf } from "../../dialect/openai/usage.ts";
import { globMatcher } from "../../lib/glob.ts";
import { isObject } from "../../lib/json.ts";
import type { Clock } from "../../lib/time.ts";
import { createHealth, type HealthState } from "../health.ts";
import { checkMayLeave } from "../may-leave.ts";
import { createModelShelf, fetchJson, ListError } from "../models.ts";
import { createPool } from "../pool.ts";
import { placesOf, type ServerOptions } from "../server-options.ts";
import type { Upstream } from "../upstream.ts";
import { createAsk } from "./ask.ts";
import { createDetails } from "./details.ts";
import { type Kind, llamaServerKind, openaiKind, openrouterKind } from "./kinds.ts";
import type { OpenRouterOptions } from "./openrouter-options.ts";
import { createSwitch } from "./switch.ts";

export interface OpenAiOptions extends ServerOptions {
  readonly type: "llama-server" | "openai" | "openrouter";
  /** Names that are to be offered, with `*` for any text; empty for all. */
  readonly models: readonly string[];
  /** Whether a server with one model answers to every name, as it does by itself. */
  readonly takesAnyModel: boolean;
  readonly openrouter: OpenRouterOptions;
}

export interface OpenAiParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onState: (upstream: string, state: HealthState) => void;
  /** Told once when an upstream is switched off, and why. */
  readonly onTrouble: (upstream: string, why: string) => void;
}

/** A server that speaks OpenAI's API: llama.cpp's, OpenRouter, or any other. */
export function createOpenAiUpstream(options: OpenAiOptions, parts: OpenAiParts): Upstream {
  const { name, type, url, isCloud, configured } = options;
  const { clock } = parts;
  const pool = createPool({ ...options, headers: headersOf(options), clock });
  const kind = kindOf(options, pool, clock);
  const { shelf, look, off, health, isLoading } = watchOver(options, kind, parts);
  const ask = createAsk({ ...options, pool, kind, details: createDetails(), list: () => shelf.list, clock });

  const send: Upstream["send"] = async (call, target, signal) => {
    checkMayLeave(call, isCloud);
    try {
      return await ask(call, target, signal);
    } catch (thrown) {
      const error = toProxyError(thrown);
      if (isForAll(error)) off.off(error.message);
      throw error;
    }
  };

  return {
    name,
    type,
    url,
    isCloud,
    configured,
    health,
    ...placesOf(options, clock),
    get takesAnyModel() {
      return options.takesAnyModel && kind.isSingle() && shelf.list.byKey.size > 0;
    },
    get trouble() {
      return off.why() ?? (isLoading() ? `upstream ${name} is loading its model` : undefined);
    },
    troubleForMs: off.leftMs,
    get isLoading() {
      return off.why() === undefined && isLoading();
    },
    get models() {
      return shelf.list;
    },
    send,
    ...(type === "openrouter" && { lookUpCost: (id: string) => lookUpCost(pool, id, options.probeWaitMs) }),
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

/** Its list of models, its breaker, and the switch for what the breaker does not count. */
function watchOver(
  { name, breaker, openrouter }: OpenAiOptions,
  kind: Kind,
  { clock, random, onState, onTrouble }: OpenAiParts,
) {
  const fetchVersion = (): Promise<undefined> => Promise.resolve(undefined);
  const shelf = createModelShelf({ fetchLists: kind.fetchLists, fetchVersion, clock });
  /** A look that fails leaves the last good lists, marked. */
  const look = (): Promise<void> => shelf.look().catch(shelf.markStale);
  const off = createSwitch({ clock, offMs: openrouter.offMs, onOff: (why) => onTrouble(name, why) });
  let loading = false;
  const health = createHealth({
    options: breaker,
    clock,
    random,
    onChange: (state) => {
      if (state === "down") shelf.markStale();
      onState(name, state);
    },
    ask: async () => {
      loading = false;
      await kind.ask().catch((thrown: unknown) => {
        loading = isLoadingPage(thrown);
        if (isRejected(thrown)) off.off(`upstream ${name} rejects the API key`);
        else throw thrown;
      });
      await look();
    },
  });
  return { shelf, look, off, health, isLoading: () => loading };
}

/** What an answer cost, as the provider tells some seconds after its end; undefined until then. */
async function lookUpCost(
  pool: ReturnType<typeof createPool>,
  id: string,
  waitMs: number,
): Promise<number | undefined> {
  const page = await fetchJson(pool, `/generation?id=${encodeURIComponent(id)}`, waitMs).catch(
    () => undefined,
  );
  const data = page?.["data"];
  const cost = isObject(data) ? data["total_cost"] : undefined;
  if (!isObject(data) || typeof cost !== "number" || cost < 0) return undefined;
  return nanoUsdOf(cost, data["is_byok"] === true ? data["upstream_inference_cost"] : undefined);
}

const isLoadingPage = (thrown: unknown): boolean =>
  thrown instanceof ListError && thrown.answeredStatus === 503;

/** Whether nobody's request would be answered; a refusal in the provider's own words is about one request. */
const isForAll = ({ code, quoted }: ProxyError): boolean =>
  code === "upstream_denied" || (code === "upstream_unpaid" && !quoted);

const isRejected = (thrown: unknown): boolean =>
  thrown instanceof ListError && (thrown.answeredStatus === 401 || thrown.answeredStatus === 403);

function headersOf({ apiKey, type, openrouter }: OpenAiOptions): Record<string, string> {
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  if (type !== "openrouter") return headers;
  const { referer, title } = openrouter;
  return {
    ...headers,
    ...(referer === undefined ? {} : { "http-referer": referer }),
    "x-openrouter-title": title,
  };
}

function kindOf(
  { type, url, probeWaitMs, models, openrouter }: OpenAiOptions,
  pool: ReturnType<typeof createPool>,
  clock: Clock,
): Kind {
  const parts = { pool, url, waitMs: probeWaitMs };
  if (type === "llama-server") return llamaServerKind(parts);
  if (type === "openai") return openaiKind(parts);
  const isAllowed = models.length === 0 ? () => true : globMatcher(models);
  const { listAgeMaxMs } = openrouter;
  return openrouterKind({ ...parts, isAllowed, listAgeMaxMs, nowMs: () => clock.monotonicMs() });
}
