import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold, type StreamEvent } from "../../src/core/event.ts";

const finish: StreamEvent = {
  type: "finish",
  reason: "length",
  usage: { inputTokens: 3, outputTokens: 5 },
  timings: { totalNs: 4, loadNs: 1, inputNs: 1, outputNs: 2 },
};

async function* streamOf(events: readonly StreamEvent[]): AsyncGenerator<StreamEvent, void, undefined> {
  yield* events;
}

const deltas = (texts: readonly string[]): StreamEvent[] =>
  texts.map((text) => ({ type: "text-delta", text }));

describe("folding a stream", () => {
  it("joins the text and keeps how it ended, however the text was cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string()), async (texts) => {
        const got = await fold(streamOf([...deltas(texts), finish]));

        expect(got).toEqual({
          text: texts.join(""),
          thinking: "",
          toolCalls: [],
          logprobs: [],
          reason: finish.reason,
          usage: finish.usage,
          timings: finish.timings,
        });
      }),
    );
  });

  it.each([[[]], [["a"]], [["a", "b"]]])("gives nothing for %j, which never finished", async (texts) => {
    expect(await fold(streamOf(deltas(texts)))).toBeUndefined();
  });

  it("takes nothing from what comes after the end", async () => {
    const got = await fold(streamOf([...deltas(["a"]), finish, ...deltas(["b"])]));

    expect(got?.text).toBe("a");
  });

  it("passes on how the stream failed", async () => {
    async function* failing(): AsyncGenerator<StreamEvent, void, undefined> {
      yield* deltas(["a"]);
      throw new Error("cut");
    }

    await expect(fold(failing())).rejects.toThrow("cut");
  });
});
