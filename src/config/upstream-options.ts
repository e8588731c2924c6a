import { isLoopback, isPrivateIp, portOf } from "../lib/address.ts";
import type { Json } from "../lib/json.ts";
import type { Loaded } from "./load.ts";
import type { Config } from "./schema.ts";
import { upstreamNames } from "./upstream-names.ts";

/** Where Ollama is looked for when no upstream is configured. */
const usualUrl = "http://127.0.0.1:11434";
const openrouterUrl = "https://openrouter.ai/api/v1";

type Wanted = Pick<Config["upstreams"][number], "type" | "url"> & Partial<Config["upstreams"][number]>;

/**
 * The options of each upstream, defaults filled in. Without a configured one Ollama is looked for at its usual address,
 * unless that is where the daemon itself listens. An OpenRouter without a key is not there.
 */
export function upstreamOptions({ config, secrets, upstreamsNamed }: Loaded) {
  const isOwnPort = config.server.listen.port === portOf(new URL(usualUrl));
  const usual: Wanted[] = isOwnPort ? [] : [{ type: "ollama", url: usualUrl }];
  const wanted: readonly Wanted[] = upstreamsNamed ? config.upstreams : usual;
  const names = upstreamNames(wanted);
  const shared = sharedOptions(config);
  return wanted
    .map((one, index) => {
      const url = one.url ?? openrouterUrl;
      return Object.assign({}, shared, {
        name: names[index] ?? one.type,
        type: one.type,
        url,
        configured: upstreamsNamed,
        apiKey: upstreamsNamed ? secrets.upstreamKeys[index] : undefined,
        inFlightMax: one.in_flight ?? config.upstream_limits.in_flight,
        isCloud: one.cloud ?? isOutside(one.type, url),
        models: one.models ?? [],
        takesAnyModel: one.any_model ?? true,
      });
    })
    .filter(({ type, apiKey }) => type !== "openrouter" || apiKey !== undefined);
}

/** Whether what is asked there leaves the house; a name without a dot is a machine beside this one. */
function isOutside(type: Wanted["type"], url: string): boolean {
  if (type === "openrouter") return true;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const isNear =
    isLoopback(host) ||
    isPrivateIp(host) ||
    !host.includes(".") ||
    /\.(?:local|internal|lan|home)$/i.test(host);
  return !isNear;
}

function sharedOptions({ upstream_limits: limits, catalog, timeouts, breaker, openrouter }: Config) {
  return {
    queueMax: limits.queue,
    queueWaitMs: limits.queue_timeout,
    keepAliveMs: limits.keep_alive,
    probeWaitMs: catalog.timeout,
    timeouts: {
      connectMs: timeouts.connect,
      firstByteMs: timeouts.first_byte,
      idleMs: timeouts.idle,
      totalMs: timeouts.total,
    },
    breaker: {
      failuresMax: breaker.failures,
      refusalsMax: breaker.refusals,
      failureShare: breaker.failure_share,
      sampleMin: breaker.sample,
      windowMs: breaker.window,
      cooldownMs: breaker.cooldown,
      cooldownMaxMs: breaker.cooldown_max,
    },
    openrouter: openrouterOptions(openrouter),
  };
}

function openrouterOptions({
  app_url,
  app_title,
  refresh,
  max_tokens,
  models,
  provider,
  off,
}: Config["openrouter"]) {
  return {
    referer: app_url,
    title: app_title,
    listAgeMaxMs: refresh,
    outputTokensMax: max_tokens,
    provider: providerFields(provider),
    fallbacks: models,
    offMs: off,
  };
}

type Provider = Config["openrouter"]["provider"];

/** What holds there by itself need not be said. */
const usualProvider: Readonly<Record<string, Json>> = {
  allow_fallbacks: true,
  require_parameters: false,
  data_collection: "allow",
  zdr: false,
};

/** What OpenRouter is told of providers: nothing of what stays as it is there by itself. */
function providerFields({ max_price: prices, ...rest }: Provider): Record<string, Json> {
  const said = Object.entries(rest).flatMap(([name, value]): [string, Json][] =>
    value === undefined || value === usualProvider[name] || (Array.isArray(value) && value.length === 0)
      ? []
      : [[name, value]],
  );
  const limits = Object.entries(prices ?? {}).flatMap(([name, nanoUsd]): [string, string][] =>
    nanoUsd === undefined ? [] : [[name, String(nanoUsd / 1e9)]],
  );
  return Object.fromEntries(
    limits.length === 0 ? said : [...said, ["max_price", Object.fromEntries(limits)]],
  );
}
