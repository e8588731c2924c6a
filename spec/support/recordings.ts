import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { scratch } from "./daemon.ts";

const directory = new URL("../../../shared/conformance/", import.meta.url);

export const checkFile = fileURLToPath(new URL("check.mjs", directory));

/** Whether the recordings of a real Ollama lie beside the project. */
export const hasRecordings = existsSync(checkFile);

export const whyWithoutRecordings = "../shared/conformance is not there";

/** A real Ollama's answers, replayed on a port of its own. */
export async function startRecordings(): Promise<{ url: string; stop(): Promise<void> }> {
  const replayFile = fileURLToPath(new URL("replay.mjs", directory));
  const { dir, cleanUp } = await scratch();
  const cases = path.join(dir, "streamed.jsonl");
  await writeFile(cases, await streamedCases());
  const ports = ["--ollama", String(await freePort()), "--llama", "0"];
  const child = spawn(process.execPath, [replayFile, ...ports, "--cases", cases], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const found = /replaying \d+ recordings on (http:\S+:[1-9]\d*)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    void exited.then(() => reject(new Error(`the replay ended: ${output}`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGKILL");
      await exited;
      await cleanUp();
    },
  };
}

export interface Recording {
  readonly id: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: string };
  readonly response: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  };
}

/** Every recorded request with the answer a real Ollama gave. */
export async function readRecordings(): Promise<Recording[]> {
  const lines = (await readFile(new URL("ollama.jsonl", directory), "utf8")).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Recording);
}

/** Streaming is Ollama's default, and was recorded unsaid; the official client says `stream: true`. */
async function streamedCases(): Promise<string> {
  const recordings = await readRecordings();
  return recordings
    .filter(({ request }) => /^\/api\/(?:chat|generate)$/.test(request.path))
    .filter(
      ({ request }) => request.body?.startsWith('{"model"') === true && !request.body.includes('"stream"'),
    )
    .map(({ request, ...rest }) => {
      const body = request.body?.replace("{", '{"stream":true,');
      return JSON.stringify({ ...rest, request: { ...request, body } });
    })
    .join("\n");
}

/** The replay prints the port it was told, so it must be told a real one. */
async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
