import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { spawnDaemon } from "../support/daemon.ts";
import { checkFile, hasRecordings, startRecordings, whyWithoutRecordings } from "../support/recordings.ts";

describe("in front of a real Ollama's recorded answers", () => {
  it("answers all 119 recorded requests as the real Ollama did", async (context) => {
    context.skip(!hasRecordings, whyWithoutRecordings);
    const ollama = await startRecordings();
    const daemon = await spawnDaemon(["--upstream", ollama.url]);
    try {
      const check = spawn(process.execPath, [checkFile, "--target", daemon.url], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      check.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));

      const [code] = (await once(check, "close")) as [number];

      expect(output.trim()).toBe("119 passed, 0 failed");
      expect(code).toBe(0);
    } finally {
      await daemon.stop();
      await ollama.stop();
    }
  });
});
