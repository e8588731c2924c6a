import { describe, expect, it } from "vitest";
import { createDecisions, type NotedDecision } from "../../../src/pipeline/auto/decisions.ts";
import { textIn } from "../../../src/pipeline/auto/held.ts";

describe("what the user reads of a stream", () => {
  it.each([
    ['{"message":{"role":"assistant","content":"Hi","thinking":"hm"},"done":false}\n', "Hi"],
    ['{"response":"Hi","done":false}\n{"response":"!","done":true}\n', "Hi!"],
    ['data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n', "Hi"],
    ['data: {"choices":[{"index":0,"text":"Hi"}]}\n\n', "Hi"],
    ['event: x\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Hi"}}\n\n', "Hi"],
    ['data: {"type":"response.output_text.delta","delta":"Hi"}\n\n', "Hi"],
    ['data: {"type":"response.completed","response":{"output":[]}}\n\n', ""],
    [": a comment\n\n", ""],
  ])("%j is %j", (frames, text) => {
    expect(textIn(Buffer.from(frames))).toBe(text);
  });
});

describe("decisions", () => {
  it("are remembered, the newest first, and no more than that", () => {
    const { note, latest } = createDecisions(3);
    for (let id = 0; id < 20; id += 1) note({ id: String(id) } as NotedDecision, "");

    expect(latest({ countMax: 9 }).map(({ id }) => id)).toEqual(["19", "18", "17"]);
    expect(latest({ countMax: 1 }).map(({ id }) => id)).toEqual(["19"]);
  });
});
