import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDescriptorSink, createLogger, type LoggerOptions, logLevels } from "../../src/lib/log.ts";
import { eventually, scratch } from "../support/daemon.ts";

function logTo(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flushSync: () => undefined, dropped: 0 };
  const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now, ...options });
  return { log, lines };
}

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\n",
        "\r\n",
        "\u0085",
        "\u2028",
        "\u2029",
        "\u001b[31m",
        "\u007f",
        "\u009b",
        "\u202e",
        "\u061c",
        "=",
        '"',
        " ",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

const fields = fc.dictionary(
  fc.constantFrom("model", "path", "agent", "count"),
  fc.oneof(nasty, fc.nat(), fc.boolean(), fc.array(nasty, { maxLength: 2 }), fc.record({ name: nasty })),
);

describe.each(["json", "pretty"] as const)("a %s log", (format) => {
  it("writes one event as one line, whatever its fields hold", () => {
    fc.assert(
      fc.property(fields, (some) => {
        const { log, lines } = logTo({ format });

        log.info("something happened", some);

        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/^[^\n\r\v\f\u0085\u2028\u2029]+\n$/);
      }),
    );
  });

  it.each(logLevels)("at level %s leaves out what is less grave", (level) => {
    const { log, lines } = logTo({ format, level });

    for (const one of logLevels) log[one](`this is ${one}`);

    const want = logLevels.slice(0, logLevels.indexOf(level) + 1);
    expect(lines.map((line) => /this is (\w+)/.exec(line)?.[1])).toEqual(want);
  });
});

describe("a json log", () => {
  it("holds what was said, and when", () => {
    const { log, lines } = logTo();

    log.warn("upstream is down", { upstream: "ollama", failures: 3, cause: undefined });

    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2026-01-02T03:04:05.006Z",
      level: "warn",
      message: "upstream is down",
      upstream: "ollama",
      failures: 3,
    });
  });

  it("reads back the same, whatever the fields hold", () => {
    fc.assert(
      fc.property(fields, (some) => {
        const { log, lines } = logTo();

        log.info("something happened", some);

        expect(JSON.parse(lines[0] ?? "")).toMatchObject(JSON.parse(JSON.stringify(some)) as object);
      }),
    );
  });
});

describe("a pretty log", () => {
  it("shows no control letter and none that changes the direction of writing", () => {
    fc.assert(
      fc.property(fields, (some) => {
        const { log, lines } = logTo({ format: "pretty" });

        log.info("something happened", some);

        expect(lines[0]?.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      }),
      { numRuns: 300 },
    );
  });

  it("shows fields as key=value, quoted where they would be misread", () => {
    const { log, lines } = logTo({ format: "pretty" });

    log.info("listening", { url: "http://127.0.0.1:1", agent: "a b", empty: undefined, count: 2 });

    expect(lines).toEqual(['03:04:05.006 info  listening url=http://127.0.0.1:1 agent="a b" count=2\n']);
  });

  it("lets no value pass for another field", () => {
    const { log, lines } = logTo({ format: "pretty" });

    log.info("asked", { forged: "x level=error", model: "a=b" });

    expect(lines).toEqual(['03:04:05.006 info  asked forged="x level=error" model="a=b"\n']);
  });

  it("paints the level and nothing else", () => {
    const { log, lines } = logTo({ format: "pretty", colour: true });

    log.error("broken");

    expect(lines).toEqual(["03:04:05.006 \u001b[31merror\u001b[0m broken\n"]);
  });
});

describe("a sink on a file descriptor", () => {
  let dir: Awaited<ReturnType<typeof scratch>>;
  beforeEach(async () => void (dir = await scratch()));
  afterEach(() => dir.cleanUp());

  it("writes every line in its order", async () => {
    const file = path.join(dir.dir, "log");
    const descriptor = openSync(file, "w");
    const sink = createDescriptorSink(descriptor);
    const want = Array.from({ length: 2_000 }, (_, index) => `line ${index} é\n`).join("");

    for (const line of want.split(/(?<=\n)/)) sink.write(line);
    await eventually(() => readFileSync(file, "utf8").length >= want.length, "all lines are written");

    expect(readFileSync(file, "utf8")).toBe(want);
    expect(sink.dropped).toBe(0);
    closeSync(descriptor);
  });

  it("writes what it holds before it returns from its last flush", () => {
    const file = path.join(dir.dir, "log");
    const descriptor = openSync(file, "w");
    const sink = createDescriptorSink(descriptor);
    sink.write("one\n");
    sink.write("two\n");

    sink.flushSync();

    expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
    closeSync(descriptor);
  });

  it("drops and counts whole lines while nobody reads, never waits, and goes on afterwards", async () => {
    const pipe = path.join(dir.dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    const sink = createDescriptorSink(descriptor);
    const line = (index: number): string => `${String(index).padStart(6, "0")} ${"x".repeat(1_000)}\n`;
    const written = 4_000;

    for (let index = 0; index < written; index++) sink.write(line(index));
    expect(sink.dropped).toBeGreaterThan(0);

    let read = "";
    const room = Buffer.alloc(1 << 20);
    const lines = (): string[] => read.split("\n").slice(0, -1);
    await eventually(() => {
      read += drained(descriptor, room);
      return lines().length + sink.dropped === written;
    }, "every line is either read or counted as dropped");

    expect(lines()).toEqual(lines().map((_, index) => line(index).trimEnd()));
    sink.write("and on it goes\n");
    await eventually(() => {
      read += drained(descriptor, room);
      return read.endsWith("\nand on it goes\n");
    }, "a later line arrives");
    closeSync(descriptor);
  });
});

/** What a non-blocking descriptor has to read by now. */
function drained(descriptor: number, room: Buffer): string {
  try {
    return room.toString("latin1", 0, readSync(descriptor, room));
  } catch {
    return "";
  }
}
