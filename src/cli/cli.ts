import { Command, CommanderError } from "commander";
import type { Flags } from "../config/load.ts";
import type { CacheCommand } from "./cache/commands.ts";
import { exitCodes } from "./exit-codes.ts";

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function withFlags(command: Command): Command {
  return command
    .option("--listen <address>")
    .option("--upstream <url>", "", collect)
    .option("--config <file>")
    .option("--data-dir <dir>")
    .option("--log-level <level>")
    .option("--log-format <format>");
}

type Action = (options: Flags & InspectOptions, ...names: string[]) => Promise<void> | void;

/** Runs `action`, unless help was asked for. */
const unlessHelp =
  (action: Action) =>
  async (...said: unknown[]): Promise<void> => {
    const command = said.at(-1);
    if (!(command instanceof Command)) throw new TypeError("commander calls an action with its command last");
    const options = command.optsWithGlobals<Flags & InspectOptions>();
    const names = said.filter((one) => typeof one === "string");
    await (options.help === true ? showHelp() : action(options, ...names));
  };

/** Commands load what they need when they run, so that a health check stays cheap. */
function createProgram(): Command {
  const program = new Command("chasqui")
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .configureOutput({ outputError: (text, write) => write(plainly(text)) });
  const under = (parent: Command, name: string): Command =>
    parent
      .command(name, { isDefault: name === "serve" })
      .helpOption(false)
      .option("-h, --help");
  addCache(program, under);
  const config = program.command("config").helpOption(false).helpCommand(false).action(showHelp);
  const keys = program.command("keys").helpOption(false).helpCommand(false).action(showHelp);

  withFlags(under(program, "serve").option("-v, --version")).action(unlessHelp(serve));
  withFlags(under(program, "check-config").option("--json")).action(
    unlessHelp(async (options) => (await import("./inspect.ts")).checkConfig(options, options.json === true)),
  );
  withFlags(under(config, "show").option("--json")).action(
    unlessHelp(async (options) => (await import("./inspect.ts")).showConfig(options, options.json === true)),
  );
  under(keys, "create <name>").action(
    unlessHelp(async (_options, name = "") => (await import("./inspect.ts")).createKey(name)),
  );
  withFlags(
    under(program, "usage")
      .option("--by <what>")
      .option("--since <duration>")
      .option("--json")
      .option("--csv"),
  ).action(unlessHelp(async (options) => (await import("./usage/usage.ts")).usage(options)));
  addPages(program, under);
  withFlags(under(program, "healthcheck")).action(
    unlessHelp(async (options) => (await import("./healthcheck.ts")).healthcheck(options)),
  );
  under(program, "version")
    .option("--json")
    .action(unlessHelp(async ({ json }) => (await import("./inspect.ts")).showVersion(json === true)));
  program.command("help").action(showHelp);
  return program;
}

type Under = (parent: Command, name: string) => Command;

function addCache(program: Command, under: Under): void {
  const cache = program.command("cache").helpOption(false).helpCommand(false).action(showHelp);
  const run = (name: CacheCommand): ((...said: unknown[]) => Promise<void>) =>
    unlessHelp(async (options, said = "") => {
      const { cacheCommands } = await import("./cache/commands.ts");
      await cacheCommands[name](options, said);
    });
  const filtered = (command: Command): Command =>
    command
      .option("--model <glob>")
      .option("--scope <name>")
      .option("--key <hex>")
      .option("--older-than <duration>");
  const flagged = (name: string): Command => withFlags(under(cache, name)).option("--json");

  flagged("stats").action(run("stats"));
  filtered(flagged("ls")).option("--limit <number>").action(run("ls"));
  flagged("verify").option("--dry-run").action(run("verify"));
  filtered(flagged("purge")).option("--all").option("--dry-run").action(run("purge"));
  flagged("backup [file]").action(run("backup"));
  flagged("restore <copy>").action(run("restore"));
}

/** Commands that print a page of the running daemon. */
function addPages(program: Command, under: Under): void {
  const flagged = (name: string): Command => withFlags(under(program, name)).option("--json");

  flagged("analyze <text>").action(
    unlessHelp(async (options, said = "") => (await import("./auto/analyze.ts")).analyze(options, said)),
  );
  flagged("decisions")
    .option("--limit <number>")
    .action(unlessHelp(async (options) => (await import("./auto/decisions.ts")).decisions(options)));
  flagged("search <query>")
    .option("--max <number>")
    .action(
      unlessHelp(async (options, said = "") => (await import("./search/search.ts")).search(options, said)),
    );
}

/** A word that is no command is taken for an argument of the one before it: that is not what the user meant to hear. */
function plainly(text: string): string {
  const [, group] = /too many arguments for '(serve|cache|config|keys|usage|decisions)'/.exec(text) ?? [];
  if (group === undefined) return text;
  const said = group === "serve" ? process.argv.slice(2, 3) : process.argv.slice(2, 4);
  return `error: there is no command ${said.join(" ")}\n`;
}

async function serve(options: Flags & InspectOptions): Promise<void> {
  if (options.version === true) (await import("./inspect.ts")).showVersion(false);
  else await (await import("./serve.ts")).serve(options);
}

interface InspectOptions {
  readonly help?: boolean;
  readonly json?: boolean;
  readonly version?: boolean;
}

async function showHelp(): Promise<void> {
  const [{ helpText }, { defaultDataDir, findFile }] = await Promise.all([
    import("./help.ts"),
    import("../config/places.ts"),
  ]);
  const config = findFile(undefined, process.env)?.path ?? "none found";
  process.stdout.write(helpText({ config, dataDir: defaultDataDir(process.env) }));
}

try {
  await createProgram().parseAsync();
} catch (thrown) {
  if (!(thrown instanceof CommanderError)) throw thrown;
  if (thrown.exitCode !== 0) process.stderr.write("Try: chasqui --help\n");
  process.exitCode = thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}
