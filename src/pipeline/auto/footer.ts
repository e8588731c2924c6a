import type { Call, Reply } from "../../core/call.ts";
import { dialects } from "../../dialect/dialects.ts";
import { isFramed } from "../../lib/framing.ts";
import { isObject, stringifyLine, tryParse } from "../../lib/json.ts";
import { createFrameEditor } from "./footer-frames.ts";
import { editedBytes, editedStream } from "./footer-stream.ts";
import { wholeWith } from "./footer-whole.ts";

/**
 * The reply with a footer, e.g. the sources of an answer, at the end of the text that its user reads. Answers that were
 * cut, call tools, say nothing or are errors stay as they are to the byte. Whoever wants JSON must not be given a footer: that is for the caller to know.
 */
export function withFooter(reply: Reply, call: Pick<Call, "dialect" | "operation">, footer: string): Reply {
  const { body, status, contentType } = reply;
  if (status !== 200 || footer === "") return reply;
  const text = `\n\n${footer}`;
  if (isFramed(contentType)) {
    const editing = { editor: createFrameEditor(call, text), kind: dialects[call.dialect].frame };
    const isHeld = body instanceof Uint8Array;
    return { ...reply, body: isHeld ? editedBytes(body, editing) : editedStream(body, editing) };
  }
  return body instanceof Uint8Array ? { ...reply, body: wholeBody(body, call, text) } : reply;
}

function wholeBody(body: Uint8Array, call: Pick<Call, "dialect" | "operation">, text: string): Uint8Array {
  const written = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  const answer = tryParse(written);
  const edited = isObject(answer) ? wholeWith(answer, call, text) : undefined;
  if (edited === undefined) return body;
  return Buffer.from(stringifyLine(edited) + (written.endsWith("\n") ? "\n" : ""));
}
