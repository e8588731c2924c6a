import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { eventually } from "./daemon.ts";
import { ask } from "./ask.ts";

const replayFile = fileURLToPath(new URL("../../../shared/conformance/replay.mjs", import.meta.url));

/** A real llama-server's answers, replayed on a port of their own. */
export async function startRecordedLlama(): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn(process.execPath, [replayFile, "--ollama", "0", "--llama", String(port)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually(
      async () => (await ask(`${url}/v1/models`)).status === 200,
      "the replay answers",
      10_000,
    );
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { url, stop };
}

/** The replay has to be told a port: it prints the one it was given. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
