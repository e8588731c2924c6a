import { describe, expect, it } from "vitest";
import type { Call, Reply } from "../../src/core/call.ts";
import type { ProxyError } from "../../src/core/error.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import { createFrameGate } from "../../src/dialect/frame-gate.ts";
import { freeAccount } from "../../src/pipeline/money.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { createRecord, type CallRecord } from "../../src/stats/record.ts";
import type { Sent } from "../../src/upstream/retry.ts";
import { nobody } from "../support/asker.ts";
import { dialectOf, goodFrames, streamTypeOf } from "../support/wires.ts";

interface Delivery {
  readonly reply: Reply;
  readonly record: CallRecord;
  readonly settled: (ProxyError | undefined)[];
}

function deliverFrom(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Delivery {
  const call: Call = {
    id: "1",
    dialect: dialectOf(path),
    operation: path === "/v1/messages" ? "messages" : path === "/api/generate" ? "generate" : "chat",
    method: "POST",
    path,
    raw: new Uint8Array(0),
    wire: {},
    model: "tiny",
    headers: {},
    pinnedUpstream: undefined,
    asker: nobody,
  };
  const record = createRecord("1", "POST");
  const settled: (ProxyError | undefined)[] = [];
  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* chunks;
  }
  const sent: Sent = {
    upstream: "one",
    model: "tiny",
    isCloud: false,
    meter: undefined,
    dropped: undefined,
    lane: undefined,
    fitted: undefined,
    account: freeAccount,
    status: 200,
    headers: { "content-type": streamTypeOf(path) },
    answer: {
      kind: "flow",
      first: new Uint8Array(0),
      rest: body(),
      gate: createFrameGate(dialects[call.dialect], call.operation, "one"),
    },
    hops: [],
    settle: (error) => void settled.push(error),
  };
  const reply = deliver(call, sent, record);
  if (reply instanceof Promise) throw new TypeError("a flow is delivered at once");
  return { reply, record, settled };
}

async function collect(reply: Reply): Promise<{ text: string; chunks: Buffer[]; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    if (reply.body instanceof Uint8Array) chunks.push(Buffer.from(reply.body));
    else for await (const chunk of reply.body) chunks.push(Buffer.from(chunk));
    return { text: Buffer.concat(chunks).toString("utf8"), chunks, error: undefined };
  } catch (error) {
    return { text: Buffer.concat(chunks).toString("utf8"), chunks, error };
  }
}

const paths = ["/api/chat", "/api/generate", "/v1/chat/completions", "/v1/messages"];

/** All bytes of a good stream, cut at each place in turn. */
function cuts(path: string): { all: Buffer; at: number[] } {
  const all = Buffer.from(goodFrames(path).join(""));
  return { all, at: Array.from({ length: all.length - 1 }, (_, index) => index + 1) };
}

describe("a stream on its way to the client", () => {
  it.each(paths)("is the same to the byte wherever the network cut it, %s", async (path) => {
    const { all, at } = cuts(path);
    for (const place of at) {
      const { reply, settled } = deliverFrom(path, [all.subarray(0, place), all.subarray(place)]);

      const { text, error } = await collect(reply);

      expect({ place, error, same: text === all.toString("utf8"), settled }).toEqual({
        place,
        error: undefined,
        same: true,
        settled: [undefined],
      });
    }
  });

  it.each(paths)("never ends well before its end marker, wherever it breaks off, %s", async (path) => {
    const { all } = cuts(path);
    const frames = goodFrames(path);
    const marker = path === "/v1/chat/completions" ? 2 : 1;
    const enough = Buffer.byteLength(frames.slice(0, -marker).join(""));
    for (let place = 1; place <= enough; place++) {
      const { reply, settled } = deliverFrom(path, [all.subarray(0, place)]);

      const { text, error } = await collect(reply);

      const whole = frames.filter(
        (_, index) => Buffer.byteLength(frames.slice(0, index + 1).join("")) <= place,
      );
      expect({ place, text, error }).toMatchObject({
        place,
        text: whole.join(""),
        error: { code: "upstream_broken" },
      });
      expect(settled).toMatchObject([{ code: "upstream_broken" }]);
    }
  });

  it.each(paths)("gives its place back once when the client leaves, %s", async (path) => {
    const { reply, settled } = deliverFrom(
      path,
      goodFrames(path).map((frame) => Buffer.from(frame)),
    );
    const body = reply.body as AsyncIterable<Uint8Array>;

    for await (const chunk of body) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }

    expect(settled).toMatchObject([{ code: "client_closed" }]);
  });

  it("tells how many tokens it took", async () => {
    const { reply, record } = deliverFrom("/api/chat", [Buffer.from(goodFrames("/api/chat").join(""))]);

    await collect(reply);

    expect(record.usage).toEqual({ inputTokens: 7, outputTokens: 4 });
  });

  it.each(["null\n", "7\n", "[]\n", '"text"\n', "<html>\n", "data: {}\n"])(
    "lets no line pass that is not an object: %j",
    async (line) => {
      const [first = ""] = goodFrames("/api/chat");
      const { reply } = deliverFrom("/api/chat", [Buffer.from(first), Buffer.from(line)]);

      const { text, error } = await collect(reply);

      expect(text).toBe(first);
      expect(error).toMatchObject({ code: "upstream_broken" });
    },
  );

  it("takes white space around a line and carriage returns for what they are", async () => {
    const wire = goodFrames("/api/chat").join("").replaceAll("\n", " \r\n");
    const { reply } = deliverFrom("/api/chat", [Buffer.from(wire)]);

    const { text, error } = await collect(reply);

    expect(error).toBeUndefined();
    expect(text).toBe(wire);
  });
});
