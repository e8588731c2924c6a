import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/core/error.ts";
import { unpackZstd } from "../../src/http/body.ts";
import { ask, type Answer } from "../support/ask.ts";
import { noBreaker, stages, type Stage } from "../support/stage.ts";
import { bodyFor, goodWhole } from "../support/wires.ts";
import { skippableFrame, windows, zstdFrame } from "../support/zstd.ts";

const setStage = stages();
const path = "/v1/chat/completions";
const plain = Buffer.from(JSON.stringify(bodyFor(path, false)));
const [front, back] = [plain.subarray(0, 20), plain.subarray(20)];

const send = (stage: Stage, packed: Uint8Array, at: string = path): Promise<Answer> =>
  ask(stage.url(at), packed, { headers: { "content-encoding": "zstd" } });

const codeFor = (packed: Uint8Array): string => {
  try {
    unpackZstd(packed);
    return "unpacked";
  } catch (thrown) {
    return thrown instanceof ProxyError ? thrown.code : "no ProxyError";
  }
};

const good: readonly (readonly [string, Buffer])[] = [
  ["one frame", zstdFrame([plain], { window: windows["1 MiB"] })],
  ["a frame of one segment", zstdFrame([plain])],
  ["the largest window", zstdFrame([plain], { window: windows["8 MiB"] })],
  ["several blocks", zstdFrame([front, back], { window: windows["1 MiB"] })],
  ["several frames", Buffer.concat([zstdFrame([front]), zstdFrame([back], { window: windows["1 KiB"] })])],
  ["a checksum at the end", zstdFrame([plain], { checksum: true })],
  ["a skippable frame in front", Buffer.concat([skippableFrame(Buffer.from("note")), zstdFrame([plain])])],
  ["a skippable frame behind", Buffer.concat([zstdFrame([plain]), skippableFrame(Buffer.from("note"), 15)])],
  [
    "a skippable frame between",
    Buffer.concat([zstdFrame([front]), skippableFrame(Buffer.alloc(0)), zstdFrame([back])]),
  ],
  ["a repeated byte", zstdFrame([{ repeat: 0x20, times: 100_000 }, plain], { window: windows["1 MiB"] })],
];

describe("a zstd body", () => {
  it.each(good)("reaches the upstream as plain JSON: %s", async (_, packed) => {
    const stage = await setStage();

    const answer = await send(stage, packed);

    expect(answer.status).toBe(200);
    expect(answer.text).toBe(goodWhole(path));
    const [seen] = stage.one.calls();
    expect(seen?.body.trimStart()).toBe(plain.toString());
    expect(seen?.headers["content-encoding"]).toBeUndefined();
    expect(seen?.headers["content-type"]).toBe("application/json");
    expect(Number(seen?.headers["content-length"])).toBe(Buffer.byteLength(seen?.body ?? ""));
  });

  it.each([
    ["in ten bytes", Buffer.from("28b52ffd00a709000041", "hex")],
    ["that is just over 8 MiB", zstdFrame([plain], { window: windows["9 MiB"] })],
    [
      "in its second frame",
      Buffer.concat([zstdFrame([front]), zstdFrame([back], { window: windows["9 MiB"] })]),
    ],
    [
      "behind a skippable frame",
      Buffer.concat([skippableFrame(front), zstdFrame([plain], { window: windows["9 MiB"] })]),
    ],
    [
      "behind a repeated byte",
      Buffer.concat([
        zstdFrame([{ repeat: 0x20, times: 9 }], { window: 0 }),
        zstdFrame([plain], { window: windows["9 MiB"] }),
      ]),
    ],
  ])("is refused when it asks for a large window %s", async (_, packed) => {
    const stage = await setStage();

    const answer = await send(stage, packed);

    expect(answer.status).toBe(400);
    expect(answer.text).toContain("failed to decompress request body");
    expect(stage.one.calls()).toEqual([]);
  });

  it("is refused when it is none", async () => {
    const stage = await setStage();

    const answer = await send(stage, plain);

    expect(answer.status).toBe(400);
    expect(answer.text).toContain("failed to decompress request body");
  });

  it.each([
    ["a frame", zstdFrame([plain], { window: windows["1 MiB"] })],
    ["a frame with a checksum", zstdFrame([plain], { window: windows["1 MiB"], checksum: true })],
    ["a frame of several blocks", zstdFrame([front, back])],
    ["a frame that repeats a byte", zstdFrame([front, { repeat: 0x20, times: 9 }], { window: 0 })],
    ["a skippable frame", skippableFrame(front)],
  ])("is refused wherever %s is cut", (_, packed) => {
    const cuts = Array.from({ length: packed.length - 1 }, (_unused, index) => index + 1);

    const passed = cuts.filter((length) => codeFor(packed.subarray(0, length)) !== "invalid_request");

    expect(passed).toEqual([]);
  });

  it("is refused when it unpacks to more than 20 MiB, though it is a kilobyte", async () => {
    const stage = await setStage({ yaml: noBreaker });
    const spaces = { repeat: 0x20, times: 131_072 };
    const packed = zstdFrame([...Array.from({ length: 161 }, () => spaces), plain], {
      window: windows["1 MiB"],
    });

    const answer = await send(stage, packed);

    expect(answer.status).toBe(413);
    expect(stage.one.calls()).toEqual([]);
  });

  it("counts what several frames unpack to together", () => {
    const spaces = { repeat: 0x20, times: 131_072 };
    const half = zstdFrame(
      Array.from({ length: 81 }, () => spaces),
      { window: windows["1 MiB"] },
    );

    expect(codeFor(half)).toBe("unpacked");
    expect(codeFor(Buffer.concat([half, half]))).toBe("body_too_large");
  });

  it("is unpacked nowhere but under /v1", async () => {
    const stage = await setStage();

    const answer = await send(stage, zstdFrame([plain]), "/api/chat");

    expect(answer.status).toBe(400);
    expect(stage.one.calls()).toEqual([]);
  });
});
