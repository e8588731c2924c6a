import type { ChatRequest, Message } from "../core/chat.ts";
import { type PrivateKind, privateKinds } from "../core/private-kinds.ts";
import { isObject, type Json, tryParse } from "../lib/json.ts";
import { findsKind } from "./private-kinds.ts";

/** What is looked for. */
export interface PrivatePatterns {
  /** Kinds of {@link privateKinds} that are on. */
  readonly kinds: ReadonlySet<PrivateKind>;
  /** An operator's own, compiled; they have to be linear too. */
  readonly own: readonly { readonly name: string; readonly pattern: RegExp }[];
}

/** Letters of a request that are looked at, all its parts together. */
const lettersMax = 400_000;
/** Of each part this much at the least: a key is often alone in a short message between long ones. */
const partLettersMin = 1_000;

/**
 * The kinds of private text in a request: in all messages with their thinking, tool calls and results, in a suffix
 * and in what tools say of themselves. Nothing of the text itself is returned. Where a request is longer than 400,000
 * letters, the beginning and the end of each part are looked at. Patterns find what has a form; they are no promise.
 */
export function findPrivate(
  request: Pick<ChatRequest, "messages" | "suffix" | "tools">,
  { kinds, own }: PrivatePatterns,
): { readonly kinds: readonly string[] } {
  const text = sampleOf(request);
  const found = privateKinds.filter((kind) => kinds.has(kind) && findsKind[kind](text));
  // `search` begins at the start, whatever flags the pattern has; `test` would remember where it was.
  const named = own.filter(({ pattern }) => text.search(pattern) >= 0).map(({ name }) => name);
  return { kinds: [...new Set<string>([...found, ...named])] };
}

function sampleOf({ messages, suffix, tools }: Pick<ChatRequest, "messages" | "suffix" | "tools">): string {
  const parts = messages.flatMap(partsOf);
  if (suffix !== undefined) parts.push(suffix);
  for (const { name, description = "", parameters } of tools)
    parts.push(`${name}\n${description}`, parameters === undefined ? "" : linesOf(parameters));
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  if (letters <= lettersMax) return unescaped(parts.join("\n"));
  const share = Math.max(partLettersMin, Math.floor(lettersMax / parts.length));
  return unescaped(parts.map((part) => ends(part, share)).join("\n"));
}

function partsOf({ text, thinking, toolCalls }: Message): string[] {
  const calls = (toolCalls ?? []).map(({ name, arguments: args }) => {
    const parsed = args.length > lettersMax ? undefined : tryParse(args);
    return `${name}\n${parsed === undefined ? args : linesOf(parsed)}`;
  });
  return thinking === undefined ? [text, ...calls] : [text, thinking, ...calls];
}

/** JSON as lines of keys and values, so that a pattern sees `password: ...` and not what JSON writes around it. */
function linesOf(value: Json, key = ""): string {
  if (Array.isArray(value)) return value.map((one) => linesOf(one, key)).join("\n");
  if (isObject(value))
    return Object.entries(value)
      .map(([name, one]) => linesOf(one, name))
      .join("\n");
  const text = String(value);
  return key === "" ? text : `${key}: ${typeof value === "string" ? `"${text}"` : text}`;
}

function ends(part: string, letters: number): string {
  if (part.length <= letters) return part;
  const head = Math.ceil(letters * 0.6);
  return `${part.slice(0, head)}\n${part.slice(head - letters)}`;
}

/** Results of tools are often JSON in text: there `\n` before a key would look like a letter of it. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text
    .replaceAll(/(?<!\\)\\{1,8}u([0-9a-fA-F]{4})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replaceAll(/(?<!\\)\\{1,8}[nrtbf]/g, "\n")
    .replaceAll(/(?<!\\)\\{1,8}(["'/])/g, "$1");
}
