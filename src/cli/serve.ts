import type { AddressInfo } from "node:net";
import { type Flags, type Loaded, loadConfig } from "../config/load.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { formatHostPort, type HostPort } from "../lib/address.ts";
import { createDescriptorSink, createLogger, type Logger, type LogSink } from "../lib/log.ts";
import { systemClock } from "../lib/time.ts";
import { createDaemon, type Daemon } from "../main.ts";
import { autoText } from "./auto/auto-text.ts";
import { bannerText } from "./banner.ts";
import { exitCodes } from "./exit-codes.ts";
import { loadOrExplain } from "./inspect.ts";
import { openInstance } from "./instance.ts";
import { needRestart } from "./restart.ts";
import { drainOnSignals } from "./shutdown.ts";
import { ownVersion } from "./version.ts";

/** Requests are taken at once; the announcement waits so long for the upstreams it tells of. */
const startWaitMs = 2_000;

/** Runs the daemon until a signal ends it. */
export async function serve(flags: Flags): Promise<void> {
  const loaded = loadOrExplain(flags);
  if (loaded === undefined) return;
  const sink = createDescriptorSink(process.stdout.fd);
  process.on("exit", () => sink.flushSync());
  let log = loggerFor(loaded, sink);
  const version = ownVersion();
  const instance = openInstance(loaded.dataDir);
  const daemon = createDaemon({
    loaded,
    clock: systemClock,
    log: () => log,
    droppedLogLines: () => sink.dropped,
    version,
    instanceId: instance.id,
  });
  guardProcess(() => log);
  const bound = await listen(daemon.server, loaded.config.server.listen);
  if (bound === undefined) return;
  let current = loaded;
  process.on("SIGHUP", () => {
    const next = readAnew(flags, daemon, log);
    if (next === undefined) return;
    const failed = (thrown: unknown): void => notReloaded(daemon, log, thrown);
    daemon.reload(next).then(() => {
      current = next;
      log = loggerFor(next, sink);
      log.info("configuration reloaded", { config: next.file, needs_restart: needRestart(loaded, next) });
      warnOf(next, log);
    }, failed);
  });
  drainOnSignals(
    daemon,
    () => current.config.server,
    () => log,
  );

  await daemon.start(startWaitMs);

  if (instance.problem !== undefined)
    log.warn("nothing can be kept in the data directory", { problem: instance.problem });
  warnOf(loaded, log);
  announce({ loaded, daemon, sink, log }, { version, bound, firstRun: instance.firstRun });
}

interface Running {
  readonly loaded: Loaded;
  readonly daemon: Daemon;
  readonly sink: LogSink;
  readonly log: Logger;
}

function announce(
  { loaded, daemon, sink, log }: Running,
  { version, bound, firstRun }: { version: string; bound: HostPort; firstRun: boolean },
): void {
  const host = bound.host === "0.0.0.0" ? "127.0.0.1" : bound.host === "::" ? "::1" : bound.host;
  const origin = `http://${formatHostPort({ host, port: bound.port })}`;
  const { upstreams } = daemon.registry;
  if (formatOf(loaded) === "pretty") sink.write(bannerText({ version, origin, loaded, upstreams, firstRun }));
  else {
    const states = Object.fromEntries(upstreams.map((one) => [one.name, one.health.state]));
    log.info("listening", {
      version,
      url: origin,
      address: formatHostPort(bound),
      upstreams: states,
      auto: autoText(loaded, upstreams),
      config: loaded.file,
    });
  }
}

const formatOf = ({ config }: Loaded): "json" | "pretty" => {
  const { format } = config.log;
  if (format !== "auto") return format;
  return process.stdout.isTTY ? "pretty" : "json";
};

function loggerFor(loaded: Loaded, sink: LogSink): Logger {
  const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  return createLogger({
    level: loaded.config.log.level,
    format: formatOf(loaded),
    colour,
    sink,
    now: systemClock.epochMs,
  });
}

/** Binds the address; says what to do when it cannot. */
function listen(server: Daemon["server"], address: HostPort): Promise<HostPort | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const { text, code } = listenFailure(error, address);
      process.stderr.write(`${text}\n`);
      resolve(undefined);
      process.exit(code);
    };
    server.once("error", failed);
    server.listen(address.port, address.host, () => {
      server.off("error", failed);
      const bound: AddressInfo | string | null = server.address();
      resolve(
        typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : address,
      );
    });
  });
}

function listenFailure(error: NodeJS.ErrnoException, address: HostPort): { text: string; code: number } {
  const where = formatHostPort(address);
  if (error.code === "EACCES") {
    return {
      text: `${where}: not permitted; ports below 1024 need a privilege`,
      code: exitCodes.noPermission,
    };
  }
  if (error.code !== "EADDRINUSE") return { text: `${where}: ${error.message}`, code: exitCodes.unavailable };
  const holder = address.port === 11_434 ? "probably Ollama itself" : "perhaps another chasqui";
  const fixes = [
    `${where} is taken, ${holder}. Either`,
    `  listen elsewhere:  chasqui --listen ${formatHostPort({ ...address, port: address.port + 1 })}`,
    address.port === 11_434
      ? "  or move Ollama:    OLLAMA_HOST=127.0.0.1:11435 ollama serve, and chasqui --upstream 127.0.0.1:11435"
      : `  or end what holds it:  ss -ltnp 'sport = :${address.port}' tells what that is`,
  ];
  return { text: fixes.join("\n"), code: exitCodes.unavailable };
}

function warnOf({ config, warnings }: Loaded, log: Logger): void {
  for (const warning of warnings) log.warn("configuration", { problem: formatProblem(warning) });
  if (config.auth === "none") log.warn("auth is none: everyone who can reach this address may use it");
}

/** Reads the configuration anew. A bad one changes nothing and is told. */
function readAnew(flags: Flags, daemon: Daemon, log: Logger): Loaded | undefined {
  try {
    return loadConfig(flags, process.env);
  } catch (thrown) {
    notReloaded(daemon, log, thrown);
    return undefined;
  }
}

function notReloaded(daemon: Daemon, log: Logger, thrown: unknown): void {
  daemon.reloadFailed();
  const problems = thrown instanceof ConfigError ? thrown.problems.map(formatProblem) : [String(thrown)];
  log.error("configuration not reloaded; the old one stays", { problems });
}

/** A bug ends the process with its trace in the log. SIGUSR1 would open Node's inspector to everyone on the machine. */
function guardProcess(log: () => Logger): void {
  process.on("SIGUSR1", () => log().warn("SIGUSR1 is not used"));
  process.on("uncaughtException", (error) => {
    log().error("uncaught error", { stack: error.stack ?? error.message });
    process.exit(exitCodes.internal);
  });
}
