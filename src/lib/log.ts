import { write, writeSync } from "node:fs";
import { stringifyLine } from "./json.ts";

export const logLevels = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "json" | "pretty";
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line an event. `message` is a constant sentence; what varies goes into `fields`. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
}

/** Where log lines go. */
export interface LogSink {
  write(line: string): void;
  /** Writes what is still held, waiting for it; for the end of the process. */
  flushSync(): void;
  /** Lines thrown away because the reader of the log did not keep up. */
  readonly dropped: number;
}

/** Behind a reader that has stopped, at most this much is held; further lines are dropped and counted. */
const heldBytesMax = 1 << 20;
const flushDelayMs = 20;

/**
 * A sink on a file descriptor that never blocks the event loop: lines are gathered and written off the main thread,
 * since a write to a full pipe would otherwise stop the daemon. A closed pipe drops lines and nothing else.
 */
export function createDescriptorSink(descriptor: number): LogSink {
  let held = "";
  let busy = false;
  let dropped = 0;

  const flush = (): void => {
    if (busy || held === "") return;
    const batch = Buffer.from(held);
    held = "";
    busy = true;
    writeAll(descriptor, batch, (written) => {
      busy = false;
      if (!written) dropped += batch.toString().split("\n").length - 1;
      flush();
    });
  };

  return {
    write(line) {
      if (held.length + line.length > heldBytesMax) {
        dropped += 1;
        return;
      }
      if (held === "" && !busy) setTimeout(flush, flushDelayMs).unref();
      held += line;
    },
    flushSync() {
      const batch = held;
      held = "";
      try {
        writeSync(descriptor, batch);
      } catch {
        dropped += batch.split("\n").length - 1;
      }
    },
    get dropped() {
      return dropped;
    },
  };
}

function writeAll(descriptor: number, bytes: Buffer, done: (written: boolean) => void): void {
  write(descriptor, bytes, (error, written) => {
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(descriptor, bytes, done), flushDelayMs).unref();
    else if (error === null && written < bytes.length) writeAll(descriptor, bytes.subarray(written), done);
    else done(error === null);
  });
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Colours in pretty lines. */
  readonly colour: boolean;
  readonly sink: LogSink;
  readonly now: () => number;
}

export function createLogger(options: LoggerOptions): Logger {
  const rank = logLevels.indexOf(options.level);
  const render = options.format === "json" ? jsonLine : prettyLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(level) > rank) return;
      options.sink.write(
        render({ time: new Date(options.now()).toISOString(), level, message, fields }, options.colour),
      );
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug"), trace: at("trace") };
}

interface LogEvent {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function jsonLine({ time, level, message, fields }: LogEvent): string {
  return `${stringifyLine({ time, level, message, ...fields })}\n`;
}

const colourOf: Readonly<Record<LogLevel, string>> = {
  error: "\u001b[31m",
  warn: "\u001b[33m",
  info: "\u001b[32m",
  debug: "\u001b[36m",
  trace: "\u001b[90m",
};

function prettyLine({ time, level, message, fields }: LogEvent, colour: boolean): string {
  const name = level.padEnd(5);
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === "string" ? quoted(value) : printable(JSON.stringify(value))}`,
    );
  const label = colour ? `${colourOf[level]}${name}\u001b[0m` : name;
  return `${[time.slice(11, 23), label, message, ...shown].join(" ")}\n`;
}

/** Control and direction-changing letters could forge lines or paint the terminal: they are shown as escapes. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function printable(text: string): string {
  return text.replace(unprintable, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A text as one word: in quotes when it has spaces, quotes or an equals sign. */
function quoted(text: string): string {
  return /[\s"=]/.test(text) ? printable(JSON.stringify(text)) : printable(text);
}
