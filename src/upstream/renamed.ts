import type { Call } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { dialects } from "../dialect/dialects.ts";
import { createFramer, FrameTooLongError, isFramed, linesOf } from "../lib/framing.ts";
import { isObject, stringifyLine, tryParse, type JsonObject } from "../lib/json.ts";
import { readBody } from "./models.ts";
import type { UpstreamReply } from "./upstream.ts";

const frameBytesMax = 8_000_000;
const wholeBytesMax = 64 * 1_024 ** 2;

/**
 * An answer in which the model has the name that the client asked for. Only frames that say another name are written
 * anew.
 */
export function renamedReply(reply: UpstreamReply, call: Call, upstream: string): UpstreamReply {
  if (reply.status !== 200) return reply;
  const isStream = isFramed(reply.headers["content-type"]);
  return {
    ...reply,
    body: isStream
      ? renamedFrames(reply.body, call, upstream)
      : renamedWhole(reply.body, call.model, upstream),
  };
}

async function* renamedFrames(
  body: AsyncIterable<Uint8Array>,
  { dialect, model }: Call,
  upstream: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const framer = createFramer(dialects[dialect].frame, frameBytesMax);
  const push = (chunk: Uint8Array): Uint8Array | undefined => {
    try {
      return framer.push(chunk);
    } catch (thrown) {
      if (!(thrown instanceof FrameTooLongError)) throw thrown;
      const text = `upstream ${upstream} sent a malformed answer: ${thrown.message}`;
      throw new ProxyError("upstream_broken", text, { upstream });
    }
  };
  const rename = (frames: Uint8Array): Buffer =>
    Buffer.from(
      linesOf(frames, "with blank ones")
        .map((line) => renamedLine(line, model))
        .join("\n"),
    );
  for await (const chunk of body) {
    const whole = push(chunk);
    if (whole !== undefined) yield rename(whole);
  }
  const rest = framer.rest();
  if (rest.length > 0) yield rename(rest);
}

function renamedLine(line: string, model: string): string {
  const prefix = line.startsWith("data: ") ? "data: " : "";
  const value = tryParse(line.slice(prefix.length));
  if (!isObject(value)) return line;
  const renamed = withModel(value, model);
  return renamed === value ? line : prefix + stringifyLine(renamed);
}

/** Anthropic's stream says its model in the message that it begins with, that of `/v1/responses` in every response. */
function withModel(value: JsonObject, model: string): JsonObject {
  const { message, response } = value;
  if (typeof value["model"] === "string" && value["model"] !== model) return { ...value, model };
  if (isObject(message) && typeof message["model"] === "string" && message["model"] !== model)
    return { ...value, message: { ...message, model } };
  if (isObject(response) && typeof response["model"] === "string" && response["model"] !== model)
    return { ...value, response: { ...response, model } };
  return value;
}

async function* renamedWhole(
  body: AsyncIterable<Uint8Array>,
  model: string,
  upstream: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = await readBody(body, wholeBytesMax);
  if (bytes === undefined)
    throw new ProxyError("upstream_broken", `upstream ${upstream} sent too long an answer`, { upstream });
  const text = Buffer.from(bytes).toString("utf8");
  const ending = text.endsWith("\n") ? "\n" : "";
  yield Buffer.from(renamedLine(text.trimEnd(), model) + ending);
}
