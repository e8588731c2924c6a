import type { Call, Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { loadReason } from "../dialect/ollama/request.ts";
import { field } from "../lib/json.ts";
import type { Candidate, Fit, Fitted } from "../upstream/admission.ts";
import { type Content, contentOf, measure, type Measured, messagesOf, surelyFits } from "./fit/measure.ts";
import { trim } from "./fit/trim.ts";
import { loadedTokensOf, ownTokensOf, roomFor, windowOf } from "./fit/window.ts";
import { editedCall } from "./fit/wire-edit.ts";

export interface FitOptions {
  /**
   * What is done when a call is longer than the model's context. `grow`: the model gets a larger one where that is
   * possible, else as `trim`. `trim`: the oldest turns are left out. `refuse`: an error. `off`: nothing, and the
   * upstream may leave out what it likes.
   */
  readonly policy: "grow" | "trim" | "refuse" | "off";
  /** The largest context that a model is given; 0 for as large as it can. */
  readonly contextTokensMax: number;
  /** Left free for the reply when the request sets no limit. */
  readonly replyTokens: number;
}

const fitting = new Set<Operation>(["chat", "generate", "messages", "completions", "responses"]);

/**
 * Makes calls fit the context of the model that is asked, so that nothing is cut off unsaid. What would be cut is known
 * from a count with a tokenizer that may not be the model's. Throws `context_overflow`.
 */
export function createFit(options: FitOptions): Fit {
  if (options.policy === "off") return asItIs;
  return (call, candidate) => {
    const { raw } = call;
    if (!(raw instanceof Uint8Array) || !fitting.has(call.operation)) return asItIs(call);
    const window = windowOf(call, candidate);
    if (window === undefined) return asItIs(call);
    const room = roomFor(call, window, options.replyTokens);
    // No token is shorter than a byte. Most calls end here, so nothing is decoded or built before.
    if (raw.length + room <= window || isLeftToUpstream(call)) return asItIs(call);
    const content = readable(call);
    if (content === undefined || surelyFits(content, window - room)) return asItIs(call);
    return fitCounted({ call, candidate, content, window, room }, options);
  };
}

/** Whether a call that is too long for a candidate loses its oldest turns, and not its answer. */
export const isTrimmable = (call: Call, candidate: Candidate): boolean =>
  fitting.has(call.operation) &&
  messagesOf(call).length > 1 &&
  !isLeftToUpstream(call) &&
  windowOf(call, candidate) !== undefined;

const asItIs = (call: Call): Fitted => ({ call, note: undefined });

/** What clients of Ollama say when they would rather have its own error, or when there is nothing to cut. */
function isLeftToUpstream({ dialect, operation, wire }: Call): boolean {
  if (dialect !== "ollama") return false;
  if (field(wire, "truncate") === false || field(wire, "shift") === false) return true;
  return field(wire, "raw") === true || loadReason(wire, operation) !== undefined;
}

/** Undefined for what only the upstream may understand; it is not refused here, where nobody asked for a check. */
function readable(call: Call): Content | undefined {
  try {
    return contentOf(call);
  } catch (error) {
    if (error instanceof ProxyError) return undefined;
    throw error;
  }
}

interface Fitting {
  readonly call: Call;
  readonly candidate: Candidate;
  readonly content: Content;
  readonly window: number;
  readonly room: number;
}

async function fitCounted(fitting: Fitting, options: FitOptions): Promise<Fitted> {
  const { call, content, window, room } = fitting;
  const measured = await measure(content);
  const { tokens } = measured;
  if (tokens + room <= window) return asItIs(call);
  if (options.policy === "refuse") throw overflow({ tokens, room, window });
  const grown = options.policy === "grow" ? grownWindow(fitting, tokens, options) : undefined;
  const space = grown ?? window;
  const spaceRoom = roomFor(call, space, options.replyTokens);
  const messages =
    tokens + spaceRoom <= space ? undefined : trimmed(call, measured, { window: space, room: spaceRoom });
  const left = messages === undefined ? 0 : messagesOf(call).length - messages.length;
  const notes = [
    ...(grown === undefined ? [] : [`grown num_ctx=${grown}`]),
    ...(messages === undefined ? [] : [`trimmed messages=${left}`]),
  ];
  return { call: editedCall(call, { contextTokens: grown, messages }), note: notes.join(", ") };
}

/** A tokenizer of its own may need more tokens for the same text than the one that counted. */
const surplus = 1.1;
/** Sizes in steps, so that a model is not loaded anew for every turn that is added. */
const stepTokens = 1_024;

/**
 * The larger context that a model is to be loaded with; undefined where there is none. Only Ollama's own routes take
 * it. The reply gets what it wants, but at most half of the new window.
 */
function grownWindow(
  { call, candidate, window }: Fitting,
  tokens: number,
  { contextTokensMax, replyTokens }: FitOptions,
): number | undefined {
  if (candidate.upstream.type !== "ollama" || call.dialect !== "ollama") return undefined;
  const text = Math.ceil(tokens * surplus);
  const needed = Math.ceil((text + roomFor(call, text * 2, replyTokens)) / stepTokens) * stepTokens;
  const most = Math.min(
    contextTokensMax === 0 ? Infinity : contextTokensMax,
    ownTokensOf(candidate) ?? Infinity,
  );
  // A size other than the one it is loaded with would load it anew.
  const loaded = loadedTokensOf(candidate) ?? 0;
  const size = loaded >= needed && loaded <= most ? loaded : Math.min(needed, most);
  return size > window ? size : undefined;
}

interface Space {
  readonly window: number;
  readonly room: number;
}

function trimmed(call: Call, { fixedTokens, turnTokens, tokens }: Measured, space: Space) {
  const { window, room } = space;
  const messages = messagesOf(call);
  const kept = trim({ messages, turnTokens, tokensMax: window - room - fixedTokens });
  if (kept === undefined) throw overflow({ tokens, room, window });
  return kept;
}

/**
 * In llama-server's words, which clients know. A prompt that would fit alone is too long together with its reply, and
 * then the reply is in the number.
 */
function overflow({ tokens, room, window }: Space & { readonly tokens: number }): ProxyError {
  const asked = tokens > window ? tokens : tokens + room;
  const text = `request (${asked} tokens) exceeds the available context size (${window} tokens), try increasing it`;
  return new ProxyError("context_overflow", text, { status: 400 });
}
