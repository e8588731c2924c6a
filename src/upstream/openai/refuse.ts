import type { Call } from "../../core/call.ts";
import type { ChatRequest } from "../../core/chat.ts";
import { ProxyError } from "../../core/error.ts";
import type { Flavour } from "../../dialect/openai/outgoing-options.ts";
import { field } from "../../lib/json.ts";
import type { ModelDetail } from "../upstream.ts";

/** Refuses what the model, or this kind of server, certainly cannot do, in Ollama's words. Throws ProxyError. */
export function refuseUnable(
  call: Call,
  request: ChatRequest,
  { flavour, detail }: { readonly flavour: Flavour; readonly detail: ModelDetail },
): void {
  refuseFields(call);
  const model = JSON.stringify(call.model);
  if (request.needs.includes("images") && detail.lacks.includes("vision"))
    throw unable(`${model} does not support images`);
  if (request.tools.length > 0 && detail.lacks.includes("tools"))
    throw unable(`${model} does not support tools`);
  if (flavour === "openrouter" && request.raw) throw unable("raw mode is not supported by this upstream");
  if (flavour === "openrouter" && request.suffix !== undefined)
    throw unable(`${model} does not support insert`);
}

/** Fields that only a server which knows them can honour, and without which the answer would be to another question. */
function refuseFields({ wire }: Call): void {
  if (typeof field(wire, "previous_response_id") === "string")
    throw unable(
      "previous_response_id is not supported by this upstream: send the whole conversation as input",
    );
  if (field(wire, "_debug_render_only") === true)
    throw unable(`_debug_render_only is not supported by this upstream`);
}

const unable = (text: string): ProxyError => new ProxyError("upstream_rejected", text, { quoted: true });
