import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import type { Again, RepeatableReply } from "../pipeline/again.ts";
import type { Exchange, Question } from "./exchange.ts";
import type { Identify } from "./keys.ts";
import { readBody, type ReadBodyParts, routingHeaders, scopeOf } from "./read-call.ts";
import type { Responder } from "./respond.ts";
import { endpoints } from "./routes.ts";

/**
 * The short way to an answer that was given before: a request with the very same bytes is answered without being parsed
 * and routed. Everything that could make a difference is part of what is compared, or keeps a request off this way.
 */
export interface Shortcut {
  /** True when the request is on this way; it then is answered, or `onward` is called. */
  readonly take: (exchange: Exchange, onward: () => void) => boolean;
  /** An answer that may be given again. */
  readonly remember: (question: Question, reply: RepeatableReply) => void;
}

export interface ShortcutParts extends ReadBodyParts {
  readonly identify: Identify;
  readonly responder: Responder;
  /** Whether all clients share what is stored. */
  readonly isShared: boolean;
}

const questionsMax = 5_000;
const textsBytesMax = 32 * 1_024 ** 2;
/** What is held of a question besides its body and the text of its answer. */
const overheadBytes = 1_000;
/** Longer requests go the long way, where their parsing weighs little beside their answers. */
const bodyBytesMax = 65_536;
const answerBytesMax = 65_536;

const cached = new Set<string>(["generate", "chat", "completions", "messages"]);
const paths = new Set(
  endpoints
    .filter(({ method, serves }) => method === "POST" && "call" in serves && cached.has(serves.call))
    .map(({ path }) => path),
);

/** Headers that change what is answered, and how; a request that has one of them goes the long way. */
const detours = [
  "cache-control",
  "content-encoding",
  "transfer-encoding",
  "expect",
  "upgrade",
  "x-chasqui-upstream",
  "x-chasqui-via",
  "x-chasqui-local-only",
  ...routingHeaders,
];
/** Headers that are part of the question. */
const variants = ["anthropic-version", "anthropic-beta", "openai-beta"];

export function createShortcut(parts: ShortcutParts): Shortcut {
  const known = new LRUCache<string, Known>({
    max: questionsMax,
    maxSize: textsBytesMax,
    sizeCalculation: ({ bytes }) => bytes,
  });

  const answer = (exchange: Exchange, body: Uint8Array, prefix: string): boolean => {
    const question = { name: prefix + crc32(body), body };
    exchange.question = question;
    const found = known.get(question.name);
    const ready = found?.body.equals(body) === true ? found.again(exchange.record) : undefined;
    if (ready === undefined) return false;
    exchange.record.bytesIn = body.length;
    parts.responder.sendReady(exchange, ready);
    return true;
  };

  return {
    take(exchange, onward) {
      const prefix = prefixOf(exchange, parts);
      if (prefix === undefined) return false;
      const reading = Promise.resolve(readBody(exchange, parts));
      exchange.body = reading;
      reading
        .then((body) => void (answer(exchange, body, prefix) || onward()), onward)
        .catch((thrown: unknown) => parts.responder.fail(exchange, thrown, "ollama"));
      return true;
    },
    remember(question, { body, again }) {
      if (!(body instanceof Uint8Array) || body.length > answerBytesMax) return;
      const made = again();
      if (made === undefined) return;
      const bytes = body.length + question.body.length + overheadBytes;
      known.set(question.name, { again: made, body: Buffer.from(question.body), bytes });
    },
  };
}

interface Known {
  /** The whole question, because two may have one name. */
  readonly body: Buffer;
  readonly again: Again;
  readonly bytes: number;
}

/** Everything of the question but its body; undefined for what goes the long way. */
function prefixOf({ incoming, pathname, record }: Exchange, parts: ShortcutParts): string | undefined {
  if (incoming.method !== "POST" || !paths.has(pathname) || incoming.url !== pathname) return undefined;
  const { headers } = incoming;
  const length = Number(headers["content-length"]);
  if (!(length > 0 && length <= bodyBytesMax)) return undefined;
  if (detours.some((name) => headers[name] !== undefined)) return undefined;
  const keyName = nameFor(parts.identify, incoming);
  if (keyName === null) return undefined;
  record.endpoint = pathname;
  record.keyName = keyName;
  const said = variants.map((name) => headers[name] ?? "").join("\n");
  return `${pathname}\n${scopeOf(keyName, parts.isShared)}\n${said}\n`;
}

/** Null for whom there is no name: the long way tells why. */
function nameFor(identify: Identify, incoming: IncomingMessage): string | undefined | null {
  try {
    return identify(incoming).name;
  } catch {
    return null;
  }
}
