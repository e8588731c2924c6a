import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import { ask } from "../support/ask.ts";
import { spawnDaemon } from "../support/daemon.ts";
import {
  checkFile,
  hasRecordings,
  readRecordings,
  type Recording,
  startRecordings,
  whyWithoutRecordings,
} from "../support/recordings.ts";
import { dialectOf } from "../support/wires.ts";

/** What the check prints, line by line. */
async function check(url: string): Promise<string[]> {
  const child = spawn(process.execPath, [checkFile, "--target", url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return output.trim().split("\n");
}

const isStreamed = ({ response }: Recording): boolean =>
  response.status === 200 && /ndjson|event-stream/.test(response.headers["content-type"] ?? "");

/** What a stream adds up to, without clocks and ids. */
function folded({ path }: Recording["request"], body: string): unknown {
  const dialect = dialects[dialectOf(path)];
  const operation = path === "/v1/messages" ? "messages" : path === "/api/generate" ? "generate" : "chat";
  const fold = dialect.replay.foldStream(Buffer.from(body), operation);
  return fold === undefined ? undefined : timeless(fold);
}

const clocks =
  /"(?:created_at|created|id|total_duration|load_duration|prompt_eval_duration|eval_duration)":[^,}]*/g;
const timeless = (answer: JsonObject): unknown =>
  JSON.parse(JSON.stringify(answer).replaceAll(clocks, '"clock":0'));

describe("in front of a real Ollama's recorded answers", () => {
  it("answers all 119 recorded requests as the real Ollama did", async (context) => {
    context.skip(!hasRecordings, whyWithoutRecordings);
    const ollama = await startRecordings();
    const daemon = await spawnDaemon(["--upstream", ollama.url], { CHASQUI_CACHE_ENABLED: "false" });
    try {
      expect((await check(daemon.url)).join("\n")).toBe("119 passed, 0 failed");
    } finally {
      await daemon.stop();
      await ollama.stop();
    }
  });

  it("answers them the same from the cache, but for the pieces in which streams come", async (context) => {
    context.skip(!hasRecordings, whyWithoutRecordings);
    const ollama = await startRecordings();
    const daemon = await spawnDaemon(["--upstream", ollama.url]);
    try {
      const streamed = (await readRecordings()).filter(isStreamed);
      await check(daemon.url);
      const second = await check(daemon.url);
      const third = await check(daemon.url);

      expect(third).toEqual(second);
      const failed = second.flatMap((line) => /^FAIL +(\S+)/.exec(line)?.[1] ?? []);
      expect(failed.filter((id) => !streamed.some((one) => one.id === id))).toEqual([]);
      let hits = 0;
      for (const { request, response } of streamed) {
        const answer = await ask(daemon.url + request.path, request.body);
        if (answer.headers["x-chasqui-cache"] !== "hit") continue;
        hits += 1;
        expect(folded(request, answer.text)).toEqual(folded(request, response.body));
      }
      expect(hits).toBeGreaterThan(5);
    } finally {
      await daemon.stop();
      await ollama.stop();
    }
  });
});
