import { z } from "zod";
import {
  count,
  duration,
  expected,
  listOfSections,
  optionalDuration,
  parsed,
  share,
  size,
  text,
  wait,
  yesNo,
} from "./fields.ts";

const samplings = ["serve", "dedupe", "off"] as const;
const sampling = z.enum(samplings, expected("serve, dedupe or off"));
const optionalYesNo = z.boolean(expected("true or false")).optional();

/** What may be said for some models only; what is left out is as for all. */
const modelRules = z.strictObject({
  /** A model's name, in which `*` stands for any text. */
  match: text("a model's name, e.g. qwen3:*"),
  enabled: optionalYesNo,
  ttl: optionalDuration(),
  time_words_ttl: optionalDuration(),
  stale_if_error: optionalDuration(),
  sampling: sampling.optional(),
  regenerate: optionalDuration(),
  tool_calls: optionalYesNo,
  length_stopped: optionalYesNo,
});

const memory = z.strictObject({
  /** Most entries; 0 switches the tier off. */
  entries: count(20_000),
  /** Most bytes. */
  size: size("64MiB"),
  /** Larger answers are left to the tiers below. */
  entry_size: size("1MiB"),
  /** How long an entry stays. */
  ttl: duration("1m"),
});

const redisUrl = (value: string): string | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^rediss?:$/.test(url.protocol) && url.password === "" ? value : undefined;
};

const redis = z.strictObject({
  /** Where it is; without it there is no such tier. */
  url: parsed("an address such as redis://127.0.0.1:6379/0, its password apart", redisUrl).optional(),
  /** Its password. */
  password: text("a password").optional(),
  /** A file that holds it. */
  password_file: text("a path").optional(),
  /** Begins every key, so that others may use the same server. */
  prefix: text("a text").default("chasqui"),
  /** How long an entry stays. */
  ttl: wait("1h"),
  /** What the server may take; set there only when it is managed. */
  size: size("2GiB"),
  /** Whether the server is ours alone, so that its memory limit and policy may be set. */
  managed: yesNo(false),
  /** Longest wait for an answer. */
  timeout: wait("50ms"),
});

const sqlite = z.strictObject({
  /** Whether answers are kept on disk. */
  enabled: yesNo(true),
  /** The file; `cache.db` in the data directory unless said. */
  path: text("a path").optional(),
  /** How long an entry stays. */
  ttl: wait("30d"),
  /** Largest file. */
  size: size("10GiB"),
  /** Nothing is written when the disk has less room than this. */
  disk_free: size("1GiB"),
});

const cleanup = z.strictObject({
  /** How often expired entries are removed and the file is kept within its size. */
  interval: wait("1m"),
});

const semanticModes = ["off", "shadow", "guarded", "verified"] as const;

const semantic = z.strictObject({
  /** off; shadow: only count what would be served; guarded: serve what passes the guard; verified: and have pairs judged. */
  mode: z.enum(semanticModes, expected("off, shadow, guarded or verified")).default("off"),
  /** The local model that makes embeddings. */
  model: text("the name of a model that makes embeddings").optional(),
  /** Whether that model is kept on the CPU, so that it pushes no other one out of the GPU. */
  on_cpu: yesNo(true),
  /** The model that judges pairs in `verified`. */
  judge: text("the name of a model").optional(),
  /** Least cosine similarity of a question that is served another one's answer. */
  threshold: share(0.95),
  /** Least cosine similarity of a pair that is worth judging. */
  verify_from: share(0.85),
  /** Longest that a question waits for it. */
  budget: wait("60ms"),
  /** Most questions that are remembered. */
  vectors: count(20_000, 1),
});

/** The section `cache`. */
export const cacheSchema = z.strictObject({
  /** Whether answers are kept at all. */
  enabled: yesNo(true),
  /** key: each API key has answers of its own. shared: all clients share them. */
  scope: z.enum(["key", "shared"], expected("key or shared")).default("key"),
  /** Whether a client's Cache-Control counts; header and body, body only, or not at all. */
  control: z.enum(["all", "body", "none"], expected("all, body or none")).default("all"),
  /** How long an answer is fresh. */
  ttl: duration("30d"),
  /** How long one is whose question is about the present: today, latest, weather... */
  time_words_ttl: duration("10m"),
  /** How long after that it is still served when no upstream answers. */
  stale_if_error: duration("7d"),
  /** Answers drawn at random: serve; dedupe: share only among those who ask at once; off. */
  sampling: sampling.default("serve"),
  /** Who was served such an answer from the cache and asks again within this time gets a new one; 0 never. */
  regenerate: duration("2m"),
  /** Whether answers that call tools are stored. */
  tool_calls: yesNo(false),
  /** Whether answers are that ended at the length their client set. */
  length_stopped: yesNo(false),
  /** Other rules for some models; the first that matches counts. */
  models: listOfSections(modelRules, '{ match: "qwen3:*", ttl: 1h }'),
  memory: memory.prefault({}),
  redis: redis.prefault({}),
  sqlite: sqlite.prefault({}),
  cleanup: cleanup.prefault({}),
  semantic: semantic.prefault({}),
});
