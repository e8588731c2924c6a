import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ask } from "./ask.ts";
import { eventually } from "./daemon.ts";

const script = fileURLToPath(new URL("../../../shared/llama/llama-server", import.meta.url));
const program = path.join(process.env.LLAMA_ROOT ?? "/tmp/llama-sid", "usr/bin/llama-server");

/** Where services are required, a missing one is a failure and not a reason to skip. */
const isRequired = process.env.CI_SERVICES === "required";

/** Whether specs that need a llama-server can run. */
export const hasLlamaServer = (existsSync(script) && existsSync(program)) || isRequired;
export const whyWithoutLlamaServer = "no llama-server: ../shared/llama is not there, or was not installed";

/** Models that say the same whatever they are asked, by what they are for. */
export const llamaModels = ["hello", "think", "tool", "ttool", "json", "embed"] as const;

export type LlamaModel = (typeof llamaModels)[number];

/** Tokens that each of them takes. */
export const llamaContextTokens = 4_096;

/** A real llama.cpp server on a free port. */
export interface LlamaServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Several threads wait for each other in busy loops, which takes long on a machine that has other work. */
const oneThread = { LLAMA_ARG_THREADS: "1", LLAMA_ARG_THREADS_BATCH: "1" };

/** Starts one that serves `model`; resolves when it is loaded. */
export async function startLlamaServer(model: LlamaModel): Promise<LlamaServer> {
  const child = spawn("bash", [script, "run", model, "0"], {
    env: { ...process.env, ...oneThread },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  };
  let url: string | undefined;
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`llama-server ended:\n${output}`);
    url ??= /listening on (http:\S+:[1-9]\d*)/.exec(output)?.[1];
    return url !== undefined && (await ask(`${url}/health`)).status === 200;
  };
  try {
    await eventually(isReady, "llama-server is ready", 60_000);
    return { url: url ?? "", port: Number(new URL(url ?? "").port), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

export interface LlamaServers {
  readonly byModel: Readonly<Record<LlamaModel, LlamaServer>>;
  stop(): Promise<void>;
}

/** One server for each model; none is left running when one of them cannot start. */
export async function startLlamaServers(): Promise<LlamaServers> {
  // All of them would install it at once, each in the way of the others.
  await promisify(execFile)("bash", [script, "install"]);
  const started = await Promise.allSettled(llamaModels.map(startLlamaServer));
  const servers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const failed = started.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const named = llamaModels.map((model, index) => [model, servers[index]] as const);
  return { byModel: Object.fromEntries(named) as Record<LlamaModel, LlamaServer>, stop };
}
