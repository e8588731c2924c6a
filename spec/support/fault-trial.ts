import { expect } from "vitest";
import { ask, type Answer } from "./ask.ts";
import type { Fault } from "./fake-upstream.ts";
import { quiet, requestLines, setStage, type Stage, type StageOptions } from "./stage.ts";
import { bodyFor, claimsEnd, errorTextOf, framesOf, goodFrames, goodWhole } from "./wires.ts";

/** What a client is to see of a fault. */
export type Want =
  /** An error before the first byte: a status and the dialect's error body. */
  | { readonly sees: "refusal"; readonly status: number; readonly says: RegExp; readonly retryAfter?: string }
  /** Good frames, the dialect's error frame, and an end that no client takes for a good one. */
  | { readonly sees: "broken stream"; readonly says: RegExp }
  /** Good frames and the upstream's own error as the last one. */
  | { readonly sees: "own error" }
  /** A whole answer that ends in the middle, so that its length gives it away. */
  | { readonly sees: "cut answer" }
  /** The upstream's own answer, unharmed. */
  | { readonly sees: "good answer" };

export interface Trial {
  readonly fault: Fault | "refuse";
  readonly path: string;
  readonly stream: boolean;
  readonly want: Want;
  readonly stage?: StageOptions;
}

const accidents: unknown[] = [];
process.on("unhandledRejection", (reason) => accidents.push(reason));
process.on("uncaughtExceptionMonitor", (error) => accidents.push(error));

/** Plays one fault against a whole daemon and makes the same five checks for each. */
export async function playFault({ fault, path, stream, want, stage: options }: Trial): Promise<void> {
  const stage = await setStage(options);
  const id = "trial-1";
  try {
    if (fault === "refuse") await stage.one.refuse();
    else stage.one.fault = fault;

    const answer = await ask(stage.url(path), bodyFor(path, stream), { headers: { "x-request-id": id } });

    if (fault === "refuse") await stage.one.accept();
    stage.one.fault = "none";
    checkSeen(answer, path, want);
    await quiet(stage);
    await checkNextIsGood(stage, path, stream);
    const lines = requestLines(stage, id);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.error === undefined).toBe(want.sees === "good answer");
    expect(accidents).toEqual([]);
  } finally {
    await stage.stop();
  }
}

function checkSeen(answer: Answer, path: string, want: Want): void {
  if (want.sees === "refusal") return checkRefusal(answer, path, want);
  expect(answer.status).toBe(200);
  if (want.sees === "good answer") {
    expect(answer.complete).toBe(true);
    expect(claimsEnd(path, answer.text) || /"finish_reason":"stop"|"stop_reason"/.test(answer.text)).toBe(
      true,
    );
    return;
  }
  expect(answer.complete).toBe(want.sees === "own error");
  expect(claimsEnd(path, answer.text)).toBe(false);
  if (want.sees === "cut answer") return;
  const frames = framesOf(path, answer.text);
  expect(errorTextOf(path, frames.at(-1) ?? "")).toMatch(
    want.sees === "own error" ? /an error was encountered while running the model/ : want.says,
  );
  const good = new Set(framesOf(path, goodFrames(path).join("")));
  expect(frames.slice(0, -1).filter((frame) => !good.has(frame))).toEqual([]);
}

function checkRefusal(answer: Answer, path: string, want: Want & { sees: "refusal" }): void {
  expect(answer.status).toBe(want.status);
  expect(errorTextOf(path, answer.text)).toMatch(want.says);
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  expect(answer.complete).toBe(true);
  expect(answer.text).not.toMatch(/<html|127\.0\.0\.1|at .*\.ts:/);
  expect(answer.headers["retry-after"]).toBe(want.retryAfter);
}

async function checkNextIsGood(stage: Stage, path: string, stream: boolean): Promise<void> {
  const next = await ask(stage.url(path), bodyFor(path, stream));
  expect(next.status).toBe(200);
  expect(next.complete).toBe(true);
  expect(next.text).toBe(stream ? goodFrames(path).join("") : goodWhole(path));
}
