import type { z } from "zod";
import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import {
  leadsHere,
  ollamaOrigins,
  readEnvironment,
  readOllamaEnvironment,
  suggestion,
  upstreamFrom,
} from "./environment.ts";
import { readConfigFile, type FileSettings } from "./file.ts";
import { defaultDataDir, findFile } from "./places.ts";
import { ConfigError, formatProblem, type Problem, type WhereSaid } from "./problem.ts";
import { contradictions, leftOut } from "./consistency.ts";
import {
  type Config,
  configSchema,
  exampleAt,
  isListEmptyUnlessSaid,
  keysAt,
  writtenDefault,
} from "./schema.ts";
import { readSecrets, type Secrets } from "./secrets.ts";
import { assemble, originOf, type Setting } from "./tree.ts";

/** What the command line says; undefined where it says nothing. */
export interface Flags {
  readonly listen?: string | undefined;
  /** `[TYPE=]URL` each. */
  readonly upstream?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

/** A configuration that is whole and right, and where it came from. */
export interface Loaded {
  readonly config: Config;
  /** Where each value that is not a default was said, by dotted path. */
  readonly origins: ReadonlyMap<string, string>;
  /** The file that was read, if any. */
  readonly file: string | undefined;
  readonly dataDir: string;
  /** False when no upstream was named, so that one is only looked for. */
  readonly upstreamsNamed: boolean;
  /** Not wrong enough to stop, but worth a line in the log. */
  readonly warnings: readonly Problem[];
  /** Secrets read from files and values, resolved: upstream keys by position, API keys as hashes. */
  readonly secrets: Secrets;
}

/** Reads flags, environment, file and defaults, in this order of precedence. Throws ConfigError with every problem. */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv): Loaded {
  const file = findFile(flags.config, environment);
  const fromFile = file === undefined ? noFile : readConfigFile(file.path, environment);
  const fromEnvironment = readEnvironment(environment);
  const fromOllama = readOllamaEnvironment(environment);
  const said = fromFile.settings.filter(
    (setting) => !isEmptyList(setting) && !(file?.shipped && isDefault(setting)),
  );
  const { tree, origins } = assemble([
    ...fromOllama.settings,
    ...said,
    ...fromEnvironment.settings,
    ...flagSettings(flags),
  ]);
  const where = (at: readonly PropertyKey[]): string => whereSaid(at, origins, fromFile);
  const { config, problems } = parseTree(tree, where);
  problems.unshift(...fromFile.problems, ...fromEnvironment.problems);
  if (config === undefined) throw new ConfigError(problems);
  const loops = ollamaHostLoops(config, origins);
  const server = { ...config.server, origins: [...config.server.origins, ...ollamaOrigins(environment)] };
  const whole = { ...config, server, upstreams: loops.length > 0 ? [] : config.upstreams };
  const { secrets, problems: secretProblems } = readSecrets(whole, environment, where);
  problems.push(...secretProblems, ...contradictions(whole, secrets, where));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config: whole,
    origins,
    file: file?.path,
    dataDir: config.data_dir ?? defaultDataDir(environment),
    upstreamsNamed: whole.upstreams.length > 0,
    warnings: [...fromOllama.problems, ...loops, ...leftOut(whole, secrets, where)],
    secrets,
  };
}

/** What the schema says of the tree. After a complaint the rest is still read, so that nothing wrong in it stays hidden. */
function parseTree(tree: JsonObject, where: WhereSaid): { config: Config | undefined; problems: Problem[] } {
  const parsed = configSchema.safeParse(tree);
  if (parsed.success) return { config: parsed.data, problems: [] };
  const { issues } = parsed.error;
  const bad = new Set(
    issues.flatMap(({ path, ...issue }) =>
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path],
    ),
  );
  const rest = configSchema.safeParse(without(tree, [...bad]));
  return { config: rest.data, problems: onceEach(issues.flatMap((issue) => problemsOf(issue, where))) };
}

/** An empty list where a text is expected is both no text and too short. */
const onceEach = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [formatProblem(problem), problem])).values(),
];

/** A copy of the tree without the values at some paths; a list loses all its items with one of them. */
function without(tree: JsonObject, paths: readonly (readonly PropertyKey[])[]): JsonObject {
  const copy: JsonObject = structuredClone({ ...tree });
  for (const path of paths) {
    const names = path.slice(0, path.findIndex((step) => typeof step === "number") >>> 0).map(String);
    const last = names.pop() ?? "";
    let branch: Json | undefined = copy;
    for (const name of names) branch = isObject(branch) ? branch[name] : undefined;
    if (isObject(branch)) delete branch[last];
  }
  return copy;
}

const noFile: FileSettings = { settings: [], problems: [], whereIs: () => "" };

/** An empty list says nothing in the file where it is the default, so that the documented defaults may stand there. */
const isEmptyList = ({ path, value }: Setting): boolean =>
  Array.isArray(value) && value.length === 0 && isListEmptyUnlessSaid(path);

/** The file that comes with the program documents the defaults: repeating one there says nothing either. */
const isDefault = ({ path, value }: Setting): boolean =>
  JSON.stringify(value) === JSON.stringify(writtenDefault(path));

function flagSettings(flags: Flags): Setting[] {
  const said: [string, Setting["value"] | undefined, string][] = [
    ["server.listen", flags.listen, "--listen"],
    ["upstreams", flags.upstream?.map(upstreamFrom), "--upstream"],
    ["data_dir", flags.dataDir, "--data-dir"],
    ["log.level", flags.logLevel, "--log-level"],
    ["log.format", flags.logFormat, "--log-format"],
  ];
  return said.flatMap(([at, value, flag]) =>
    value === undefined ? [] : [{ path: at, value, origin: `flag ${flag}` }],
  );
}

/** A file knows the line of a value within a list; other sources only know their own name. */
function whereSaid(
  at: readonly PropertyKey[],
  origins: ReadonlyMap<string, string>,
  file: FileSettings,
): string {
  const names = at.filter((step) => typeof step === "string");
  const origin = originOf(origins, names.join(".")) ?? originOf(origins, names[0] ?? "");
  if (origin !== undefined && /^(?:flag|environment) /.test(origin)) return origin;
  return file.whereIs(at) || (origin ?? "default");
}

function problemsOf(issue: z.core.$ZodIssue, where: WhereSaid): Problem[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ where: where(issue.path), key: issue.path.join("."), text: textOf(issue) }];
  }
  const siblings = keysAt(issue.path);
  return issue.keys.map((name) => {
    const at = [...issue.path, name];
    return { where: where(at), key: at.join("."), text: `unknown key${suggestion(name, siblings)}` };
  });
}

/** Sections have no words of their own for what is none. */
const textOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_type" && issue.expected === "object"
    ? `expected keys and values, e.g. ${exampleAt(issue.path)}`
    : issue.message;

/** OLLAMA_HOST is read by clients too: set to Chasqui's own address it is meant for them, and passed over here. */
function ollamaHostLoops(config: Config, origins: ReadonlyMap<string, string>): Problem[] {
  const where = origins.get("upstreams") ?? "";
  if (
    !where.endsWith("OLLAMA_HOST") ||
    !config.upstreams.some(({ url }) => url !== undefined && leadsHere(url, config.server.listen))
  )
    return [];
  return [{ where, key: "", text: "names Chasqui itself, so it is taken to be meant for clients" }];
}
