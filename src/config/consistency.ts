import { isLoopback } from "../lib/address.ts";
import { leadsHere } from "./environment.ts";
import type { Problem, WhereSaid } from "./problem.ts";
import type { Config } from "./schema.ts";
import type { Secrets } from "./secrets.ts";
import { valueAt } from "./tree.ts";
import { upstreamNames } from "./upstream-names.ts";

/** Values that are right each by itself but not together. */
export function contradictions(config: Config, secrets: Secrets, where: WhereSaid): Problem[] {
  const problems: Problem[] = [];
  const { listen } = config.server;
  if (!isLoopback(listen.host) && config.auth !== "none" && config.api_keys.length === 0) {
    const text = `${listen.host} is reachable from other machines: add api_keys, or say auth: none if everyone may use it`;
    problems.push({ where: where(["server", "listen"]), key: "server.listen", text });
  }
  if (config.auth === "none" && secrets.apiKeys.length > 0) {
    problems.push({
      where: where(["auth"]),
      key: "auth",
      text: "none contradicts api_keys: remove one of them",
    });
  }
  return [
    ...problems,
    ...addressProblems(config, where),
    ...moneyProblems(config, where),
    ...semanticProblems(config, where),
    ...searchProblems(config, secrets, where),
    ...twofoldSecrets(config, where),
    ...repeated(config, where),
  ];
}

/** What is not used though it was asked for: an OpenRouter whose key is nowhere. */
export function leftOut({ upstreams }: Config, { upstreamKeys }: Secrets, where: WhereSaid): Problem[] {
  const names = upstreamNames(upstreams);
  return upstreams.flatMap(({ type }, index) => {
    if (type !== "openrouter" || upstreamKeys[index] !== undefined) return [];
    const text = `upstream ${names[index] ?? type}: no key in OPENROUTER_API_KEY, so it is left out`;
    return [{ where: where(["upstreams", index]), key: `upstreams.${index}.api_key`, text }];
  });
}

/** Addresses that are missing, or lead back here. */
function addressProblems({ upstreams, server: { listen } }: Config, where: WhereSaid): Problem[] {
  return upstreams.flatMap(({ type, url }, index) => {
    const missing = url === undefined && type !== "openrouter";
    const text = missing ? "expected an address such as http://127.0.0.1:11434" : "is Chasqui's own address";
    if (!missing && (url === undefined || !leadsHere(url, listen))) return [];
    return [{ where: where(["upstreams", index, "url"]), key: `upstreams.${index}.url`, text }];
  });
}

/** A budget that nobody keeps. */
function moneyProblems({ money, api_keys: keys }: Config, where: WhereSaid): Problem[] {
  const budgets = [money.budget, ...keys.map(({ budget }) => budget)];
  const isLimited = budgets.some(({ day, month }) => day !== undefined || month !== undefined);
  if (money.enabled || !isLimited) return [];
  const text = "expected true, as there are budgets: they are kept by what is written down";
  return [{ where: where(["money", "enabled"]), key: "money.enabled", text }];
}

/** What a mode of `cache.semantic` cannot do without. */
function semanticProblems({ cache: { semantic } }: Config, where: WhereSaid): Problem[] {
  const { mode } = semantic;
  const needed =
    mode === "off" ? [] : mode === "verified" ? (["model", "judge"] as const) : (["model"] as const);
  return needed
    .filter((name) => semantic[name] === undefined)
    .map((name) => ({
      where: where(["cache", "semantic", "mode"]),
      key: `cache.semantic.${name}`,
      text: `expected the name of a model, as the mode is ${mode}`,
    }));
}

/** What a search cannot do without, and what is of no use to it. */
function searchProblems({ search }: Config, { searchKeys }: Secrets, where: WhereSaid): Problem[] {
  const { providers } = search;
  const at = (index: number, key: string, text: string): Problem => ({
    where: where(["search", "providers", index, key]),
    key: `search.providers.${index}.${key}`,
    text,
  });
  return providers.flatMap(({ type, url, ...keys }, index) => {
    const said = secretPair.filter((key) => keys[key] !== undefined);
    if (type === "searxng" && url === undefined)
      return [at(index, "url", "expected an address such as http://127.0.0.1:8888")];
    if (!keyedProviders.has(type)) return said.map((key) => at(index, key, `${type} takes no key`));
    const lacksKey = searchKeys[index] === undefined && keys.api_key_file === undefined;
    return lacksKey ? [at(index, "api_key", `expected a key of ${type}`)] : [];
  });
}

const keyedProviders: ReadonlySet<string> = new Set(["brave", "tavily", "serper", "ollama"]);
const secretPair = ["api_key", "api_key_file"] as const;

/** A secret that is said twice: nobody could tell which of them counts. */
function twofoldSecrets({ upstreams, search, cache: { redis } }: Config, where: WhereSaid): Problem[] {
  const keyed = Object.entries({ upstreams, "search.providers": search.providers }).flatMap(([list, items]) =>
    items.map((one, index) => ({ at: [...list.split("."), index], ways: one, names: secretPair })),
  );
  const passwords = ["password", "password_file"] as const;
  return [...keyed, { at: ["cache", "redis"], ways: redis, names: passwords }].flatMap(
    ({ at, ways, names }) => {
      if (!names.every((name) => valueAt(ways, [name]) !== undefined)) return [];
      return [{ where: where(at), key: at.join("."), text: `takes one of ${names.join(" and ")}` }];
    },
  );
}

function repeated(config: Config, where: WhereSaid): Problem[] {
  const problems: Problem[] = [];
  for (const [key, named] of Object.entries({ upstreams: config.upstreams, api_keys: config.api_keys })) {
    const names = named.map((one) => one.name);
    for (const [index, name] of names.entries()) {
      if (name === undefined || names.indexOf(name) === index) continue;
      problems.push({
        where: where([key, index, "name"]),
        key: `${key}.${index}.name`,
        text: `${name} is taken already`,
      });
    }
  }
  return problems;
}
