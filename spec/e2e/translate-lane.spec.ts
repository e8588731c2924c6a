import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { type SpawnedDaemon, spawnDaemon } from "../support/daemon.ts";
import { startRecordedLlama } from "../support/recorded-llama.ts";
import { checkFile, hasRecordings, whyWithoutRecordings } from "../support/recordings.ts";

/** Where services are required, missing recordings are a failure and not a reason to skip. */
const canRun = hasRecordings || process.env.CI_SERVICES === "required";

/** What the check prints about a daemon before a llama-server. */
async function check(url: string): Promise<string> {
  const child = spawn(process.execPath, [checkFile, "--target", url, "--lane", "translate"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return output.trim();
}

const allPassed = /^[1-9]\d* passed, 0 failed$/;

describe("in front of a real llama-server's recorded answers", () => {
  let llama: { url: string; stop(): Promise<void> } | undefined;
  let daemon: SpawnedDaemon | undefined;

  const startBefore = async (environment: NodeJS.ProcessEnv): Promise<string> => {
    daemon = await spawnDaemon(["--upstream", `llama-server=${llama?.url}`], environment);
    return daemon.url;
  };

  beforeEach((context) => context.skip(!canRun, whyWithoutRecordings));
  beforeAll(async () => {
    if (canRun) llama = await startRecordedLlama();
  });
  afterEach(() => daemon?.stop());
  afterAll(() => llama?.stop());

  it("answers as a real Ollama did", async () => {
    const url = await startBefore({ CHASQUI_CACHE_ENABLED: "false" });

    expect(await check(url)).toMatch(allPassed);
  });

  it("answers so from the cache too", async () => {
    const url = await startBefore({});

    expect(await check(url)).toMatch(allPassed);
    expect(await check(url)).toMatch(allPassed);

    const question = { model: "hello", prompt: "say hello", options: { temperature: 0, seed: 7 } };
    await ask(`${url}/api/generate`, question);
    const again = await ask(`${url}/api/generate`, question);
    expect(again.headers["x-chasqui-cache"]).toBe("hit");
  });
});
