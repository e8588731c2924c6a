/** The parts of an Ollama model name, as written, defaults filled in. Source: reference of Ollama's `types/model/name.go`. */
export interface ModelName {
  readonly host: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
  /** `:cloud` or `-cloud` asks for ollama.com, `:local` for this machine. */
  readonly source: "cloud" | "local" | undefined;
}

const defaults = { host: "registry.ollama.ai", namespace: "library", tag: "latest" } as const;

const partRules = {
  host: /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/,
  namespace: /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/,
  model: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/,
  tag: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/,
} as const;

/** Reads `[host/][namespace/]model[:tag]`, white space around it ignored; undefined when it is not a legal name. */
export function parseModelName(text: string): ModelName | undefined {
  const bare = text.trim().replace(/^https?:\/\//, "");
  const { name: unsourced, source } = splitSource(bare);
  const slash = unsourced.lastIndexOf("/");
  const colon = unsourced.indexOf(":", slash + 1);
  const path = (colon < 0 ? unsourced : unsourced.slice(0, colon)).split("/");
  const model = path.pop() ?? "";
  const namespace = path.pop() ?? defaults.namespace;
  const host = path.join("/") || defaults.host;
  const tag = colon < 0 ? defaults.tag : unsourced.slice(colon + 1);
  const name = { host, namespace, model, tag, source };
  return isLegal(name) ? name : undefined;
}

function splitSource(text: string): { name: string; source: ModelName["source"] } {
  const lower = text.toLowerCase();
  const colon = lower.lastIndexOf(":");
  const tag = colon > lower.lastIndexOf("/") ? lower.slice(colon + 1) : "";
  if (tag === "local") return { name: text.slice(0, colon), source: "local" };
  if (tag !== "cloud" && !tag.endsWith("-cloud")) return { name: text, source: undefined };
  const tagBefore = lower.slice(lower.lastIndexOf("/") + 1, colon).includes(":");
  return { name: tag === "cloud" && tagBefore ? text.slice(0, colon) : text, source: "cloud" };
}

function isLegal(name: ModelName): boolean {
  return (
    partRules.host.test(name.host) &&
    partRules.namespace.test(name.namespace) &&
    partRules.model.test(name.model) &&
    partRules.tag.test(name.tag)
  );
}

/** One spelling for all spellings of a model: two names are the same model exactly when their keys are equal. */
export function modelKey({ host, namespace, model, tag }: ModelName): string {
  return `${host}/${namespace}/${model}:${tag}`.toLowerCase();
}

/** The shortest form that names the same model, its tag always said, as Ollama lists it. */
export function displayName({ host, namespace, model, tag }: ModelName): string {
  if (host.toLowerCase() !== defaults.host) return `${host}/${namespace}/${model}:${tag}`;
  return namespace.toLowerCase() === defaults.namespace ? `${model}:${tag}` : `${namespace}/${model}:${tag}`;
}

/** A name as people write it: without the tag that it has unless another is said. In a tag case does not matter. */
export const shortName = (model: string): string => model.replace(/:latest$/i, "");
