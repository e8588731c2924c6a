import type { Operation } from "../../core/call.ts";
import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json } from "../../lib/json.ts";
import {
  type Check,
  checkBody,
  goAny,
  goBase64,
  goBool,
  goInt,
  goKeepAlive,
  goMap,
  goSlice,
  goString,
  goStruct,
  goThink,
} from "../go-types.ts";

const images = goSlice("[]api.ImageData", goBase64("api.ImageData"));

/** A tool call's arguments are an object; a string gets the words Ollama's template engine says then. */
const toolArguments: Check = (value, path) => {
  if (typeof value === "string") return "Value looks like object, but can't find closing '}' symbol";
  return goMap(value, path);
};

const toolCalls = goSlice(
  "[]api.ToolCall",
  goStruct("api.ToolCall", {
    id: goString,
    function: goStruct("api.ToolCallFunction", { index: goInt, name: goString, arguments: toolArguments }),
  }),
);

const messages = goSlice(
  "[]api.Message",
  goStruct("api.Message", {
    role: goString,
    content: goString,
    thinking: goString,
    images,
    tool_calls: toolCalls,
    tool_name: goString,
    tool_call_id: goString,
  }),
);

const generating: Readonly<Record<string, Check>> = {
  model: goString,
  stream: goBool,
  keep_alive: goKeepAlive,
  options: goMap,
  think: goThink,
  truncate: goBool,
  shift: goBool,
  logprobs: goBool,
  top_logprobs: goInt,
  _debug_render_only: goBool,
};

const transfer: Readonly<Record<string, Check>> = {
  model: goString,
  name: goString,
  insecure: goBool,
  username: goString,
  password: goString,
  stream: goBool,
};

interface BodyType {
  readonly root: string;
  readonly fields: Readonly<Record<string, Check>>;
}

/** The request bodies of Ollama's `api/types.go`, as far as their types are checked before anything else. */
const bodies: Partial<Record<Operation, BodyType>> = {
  generate: {
    root: "api.GenerateRequest",
    fields: {
      ...generating,
      prompt: goString,
      suffix: goString,
      system: goString,
      template: goString,
      context: goSlice("[]int", goInt),
      raw: goBool,
      images,
    },
  },
  chat: { root: "api.ChatRequest", fields: { ...generating, messages, tools: goSlice("api.Tools", goAny) } },
  embed: {
    root: "api.EmbedRequest",
    fields: { model: goString, keep_alive: goKeepAlive, truncate: goBool, dimensions: goInt, options: goMap },
  },
  embeddings: {
    root: "api.EmbeddingRequest",
    fields: { model: goString, prompt: goString, keep_alive: goKeepAlive, options: goMap },
  },
  show: {
    root: "api.ShowRequest",
    fields: {
      model: goString,
      name: goString,
      system: goString,
      template: goString,
      verbose: goBool,
      options: goMap,
    },
  },
  pull: { root: "api.PullRequest", fields: transfer },
  push: { root: "api.PushRequest", fields: transfer },
  create: {
    root: "api.CreateRequest",
    fields: {
      model: goString,
      name: goString,
      from: goString,
      stream: goBool,
      template: goString,
      system: goString,
    },
  },
  copy: { root: "api.CopyRequest", fields: { source: goString, destination: goString } },
  delete: { root: "api.DeleteRequest", fields: { model: goString, name: goString } },
};

/** Refuses a body with a value of the wrong type, and the few values Ollama judges before it looks for the model. */
export function checkRequest(body: Json, operation: Operation): void {
  const type = bodies[operation];
  const complaint = type === undefined ? undefined : checkBody(body, type.root, type.fields);
  if (complaint !== undefined) throw new ProxyError("invalid_request", complaint);
  if (!isObject(body)) return;
  const topLogprobs = field(body, "top_logprobs");
  if (typeof topLogprobs === "number" && (topLogprobs < 0 || topLogprobs > 20)) {
    throw new ProxyError("invalid_request", "top_logprobs must be between 0 and 20");
  }
  if (operation === "embed" && !isEmbedInput(field(body, "input"))) {
    throw new ProxyError("invalid_request", "invalid input type");
  }
}

function isEmbedInput(input: Json | undefined): boolean {
  if (input === undefined || typeof input === "string") return true;
  return Array.isArray(input) && input.every((item) => typeof item === "string");
}
