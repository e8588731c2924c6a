import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { displayName, modelKey, parseModelName } from "../core/model-name.ts";
import { stringifyLine, type Json, type JsonObject } from "../lib/json.ts";
import { listAgeMaxMs, listWaitMs } from "../upstream/looks.ts";
import type { Registry } from "../upstream/registry.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** Answers about models that come from the merged catalog. */
export interface ModelPages {
  /** `/api/tags`, newest first. */
  tags(): Promise<Reply>;
  /** `/api/ps`, longest-lived first. */
  ps(): Promise<Reply>;
  /** `/v1/models` */
  list(): Promise<Reply>;
  /** `/v1/models/:model`; rejects with ProxyError when there is no such model. */
  one(model: string): Promise<Reply>;
  /** `/api/version`: the oldest version among the upstreams, so that no client counts on more than all can do. */
  version(): Reply;
}

/** What Chasqui is compatible with when no upstream says its own version. */
const ownVersion = "0.33.0";

const nativeType = "application/json; charset=utf-8";
const v1Type = "application/json";

/** Models that no upstream has. */
export interface VirtualModels {
  /** Those that are listed all the same, after the others. */
  readonly entries: () => readonly JsonObject[];
  /** The entry of one by any name that it answers to, listed or not. */
  readonly entryOf: (model: string) => JsonObject | undefined;
}

export function createModelPages(registry: Registry, virtual: VirtualModels): ModelPages {
  const fresh = async (): Promise<readonly Upstream[]> => {
    await registry.freshen(listAgeMaxMs, listWaitMs);
    return registry.upstreams;
  };

  const listed = (upstreams: readonly Upstream[]): JsonObject[] => {
    const real = merged(upstreams, (one) => one.models.byKey).sort(by("modified_at"));
    return [...real, ...virtual.entries().filter((one) => !real.some(({ name }) => name === one["name"]))];
  };

  return {
    async tags() {
      const upstreams = await fresh();
      const models = listed(upstreams);
      return json({ models }, nativeType, upstreams);
    },
    async ps() {
      const upstreams = await fresh();
      const models = merged(upstreams, (one) => one.models.loaded).sort(by("expires_at"));
      return json({ models }, nativeType, upstreams);
    },
    async list() {
      const upstreams = await fresh();
      const data = listed(upstreams).map((entry) => v1Model(textOf(entry.name), entry));
      return json({ object: "list", data }, v1Type, upstreams);
    },
    async one(model) {
      const [holder] = await registry.holders(model);
      const name = parseModelName(model);
      const real = name === undefined ? undefined : holder?.models.byKey.get(modelKey(name));
      const entry = real ?? virtual.entryOf(model);
      if (entry === undefined) {
        const shown = name === undefined ? model : displayName(name);
        throw new ProxyError("model_not_found", `model '${shown}' not found`);
      }
      const reply = json(v1Model(model, entry), v1Type, []);
      return { ...reply, body: Buffer.concat([reply.body, Buffer.from("\n")]) };
    },
    version: () => json({ version: oldestVersion(registry.upstreams) }, nativeType, []),
  };
}

/** Of a model that several upstreams have, the first upstream's entry is shown, as that upstream wrote it. */
function merged(
  upstreams: readonly Upstream[],
  entriesOf: (upstream: Upstream) => ReadonlyMap<string, JsonObject>,
): JsonObject[] {
  const byKey = new Map<string, JsonObject>();
  for (const upstream of upstreams) {
    for (const [key, entry] of entriesOf(upstream)) if (!byKey.has(key)) byKey.set(key, entry);
  }
  return [...byKey.values()];
}

const by =
  (key: string) =>
  (a: JsonObject, b: JsonObject): number =>
    epochMs(b[key]) - epochMs(a[key]);

/** Go writes nanoseconds and a year over 2300 for "forever"; a time that cannot be read counts as the oldest. */
function epochMs(time: Json | undefined): number {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function v1Model(id: string, entry: JsonObject): JsonObject {
  const created = Math.floor(epochMs(entry.modified_at) / 1_000);
  return {
    id,
    object: "model",
    created,
    owned_by: parseModelName(textOf(entry.name))?.namespace ?? "library",
  };
}

function json(
  value: JsonObject,
  contentType: string,
  upstreams: readonly Upstream[],
): Reply & { body: Uint8Array } {
  const stale = upstreams.filter((one) => one.models.stale).map((one) => one.name);
  const headers: Record<string, string> = stale.length > 0 ? { "X-Chasqui-Stale": stale.join(", ") } : {};
  return { status: 200, contentType, headers, body: Buffer.from(stringifyLine(value)) };
}

function oldestVersion(upstreams: readonly Upstream[]): string {
  const versions = upstreams
    .filter((one) => one.health.state === "up")
    .map((one) => /^v?(\d+\.\d+\.\d+)/.exec(one.models.version ?? "")?.[1])
    .filter((version) => version !== undefined);
  return versions.sort(compareVersions)[0] ?? ownVersion;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (const index of [0, 1, 2]) {
    const order = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
