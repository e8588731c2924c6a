import { connect } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { open } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { noBreaker, quiet, requestLines, stages, upstreamStats } from "../support/stage.ts";
import { bodyFor, chatPaths } from "../support/wires.ts";

const setStage = stages();

const phases = chatPaths.flatMap((path) => [
  { phase: "before the headers of a stream", path, stream: true, fault: "hang-before-headers" as const },
  {
    phase: "before the headers of a whole answer",
    path,
    stream: false,
    fault: "hang-before-headers" as const,
  },
  { phase: "before the first byte", path, stream: true, fault: "hang-before-body" as const },
  { phase: "between two pieces of a stream", path, stream: true, fault: "hang-mid-stream" as const },
  { phase: "between two pieces of a whole answer", path, stream: false, fault: "hang-mid-stream" as const },
]);

describe("a client that leaves", () => {
  it.for(phases)("ends the upstream's work $phase, on $path", async ({ path, stream, fault }) => {
    const stage = await setStage();
    stage.one.fault = fault;
    const asking = open(stage.url(path), bodyFor(path, stream), { headers: { "x-request-id": "gone" } });
    await eventually(() => stage.one.calls().length === 1, "the call arrived");
    if (stream && fault === "hang-mid-stream") await asking.firstByte;

    asking.leave();

    await eventually(() => stage.one.calls()[0]?.ended === "left", "the upstream's connection was closed");
    await quiet(stage);
    const lines = requestLines(stage, "gone");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.error).toBe("client_closed");
    const { one } = await upstreamStats(stage);
    expect(one?.breaker).toMatchObject({ state: "up", opened: 0 });
  });

  it("ends the upstream's work when its connection is reset", async () => {
    const stage = await setStage();
    stage.one.fault = "hang-mid-stream";
    const socket = connect(stage.daemon.port, "127.0.0.1");
    await once(socket, "connect");
    const body = JSON.stringify(bodyFor("/api/chat", true));
    socket.write(
      `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, "data");

    socket.resetAndDestroy();

    await eventually(() => stage.one.calls()[0]?.ended === "left", "the upstream's connection was closed");
    await quiet(stage);
  });

  it("frees its place for the next one", async () => {
    const stage = await setStage({ yaml: `${noBreaker}\nupstream_limits: { in_flight: 1 }` });
    stage.one.fault = "hang-mid-stream";
    const first = open(stage.url("/api/chat"), bodyFor("/api/chat", true));
    await first.firstByte;
    const second = open(stage.url("/api/chat"), bodyFor("/api/chat", true));
    await eventually(async () => (await upstreamStats(stage)).one?.queued === 1, "the second one waits");
    stage.one.fault = "none";

    first.leave();

    expect((await second.answer).complete).toBe(true);
  });
});

describe("a client that reads nothing", () => {
  const big = "x".repeat(12_000_000);

  it.for([
    { what: "a stream", type: "application/x-ndjson" },
    { what: "a whole answer", type: "application/json" },
  ])("is dropped, after $what that was ready at once too, and frees what it held", async ({ type }) => {
    const stage = await setStage({ yaml: `${noBreaker}\nserver: { stalled_client_timeout: 100ms }` });
    const line = `{"model":"tiny","message":{"role":"assistant","content":"${big.slice(0, 5_000_000)}"},"done":`;
    const body = type.includes("ndjson") ? `${line}false}\n${line}true}\n` : `${line}true}`;
    stage.one.respond = ({ path }) =>
      path === "/api/chat" ? { status: 200, headers: { "content-type": type }, body } : undefined;
    const socket = connect(stage.daemon.port, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.pause();
    const asked = JSON.stringify(bodyFor("/api/chat", true));

    socket.write(
      `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${asked.length}\r\n\r\n${asked}`,
    );

    try {
      await eventually(() => stage.one.calls().length === 1, "the call arrived");
      await eventually(() => stage.daemon.daemon.exchanges.size === 0, "the exchange is over", 3_000);
      await quiet(stage);
    } finally {
      socket.destroy();
    }
  });
});
