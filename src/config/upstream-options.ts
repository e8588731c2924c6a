import { portOf } from "../lib/address.ts";
import type { Loaded } from "./load.ts";
import type { Config } from "./schema.ts";

/** Where Ollama is looked for when no upstream is configured. */
const usualUrl = "http://127.0.0.1:11434";

/**
 * The options of each upstream, defaults filled in. Without a configured one Ollama is looked for at its usual address,
 * unless that is where the daemon itself listens.
 */
export function upstreamOptions({ config, secrets, upstreamsNamed }: Loaded) {
  const isOwnPort = config.server.listen.port === portOf(new URL(usualUrl));
  const usual: Config["upstreams"] = isOwnPort ? [] : [{ type: "ollama", url: usualUrl }];
  const wanted = upstreamsNamed ? config.upstreams : usual;
  const names = namesFor(wanted);
  const shared = sharedOptions(config);
  return wanted.map((one, index) =>
    Object.assign({}, shared, {
      name: names[index] ?? one.type,
      url: one.url,
      configured: upstreamsNamed,
      apiKey: secrets.upstreamKeys[index],
      inFlightMax: one.in_flight ?? config.upstream_limits.in_flight,
    }),
  );
}

function sharedOptions({ upstream_limits: limits, catalog, timeouts, breaker }: Config) {
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
  };
}

/** The names that were given; for others the type, with a number when there are several. */
function namesFor(wanted: Config["upstreams"]): string[] {
  const taken = new Set(wanted.map((one) => one.name));
  return wanted.map((one) => {
    if (one.name !== undefined) return one.name;
    let name: string = one.type;
    for (let number = 2; taken.has(name); number++) name = `${one.type}-${number}`;
    taken.add(name);
    return name;
  });
}
