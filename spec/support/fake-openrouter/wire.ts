/** A request of a client, as far as the answers look at it. */
export interface ChatWire {
  readonly model?: string;
  readonly models?: readonly string[];
  readonly messages?: readonly Message[];
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stop?: string | readonly string[];
  readonly tools?: readonly { readonly type: string; readonly function?: { readonly name: string } }[];
  readonly tool_choice?: string | { readonly function: { readonly name: string } };
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly name?: string; readonly schema?: Schema };
  };
  readonly reasoning?: {
    readonly effort?: string;
    readonly max_tokens?: number;
    readonly enabled?: boolean;
    readonly exclude?: boolean;
  };
  readonly reasoning_effort?: string;
  readonly include_reasoning?: boolean;
  readonly provider?: {
    readonly require_parameters?: boolean;
    readonly max_price?: Readonly<Record<string, string | number>>;
    readonly data_collection?: string;
  };
}

export interface Message {
  readonly role: string;
  readonly content?: string | readonly Part[] | null;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
  readonly reasoning?: string;
  readonly reasoning_details?: readonly Detail[];
}

export interface Part {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: { readonly url: string };
}

export interface ToolCall {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A piece of reasoning that has to come back unchanged. */
export interface Detail {
  readonly type: string;
  readonly index?: number;
  readonly text?: string;
  readonly summary?: string;
  readonly data?: string;
  readonly signature?: string | null;
  readonly format?: string | null;
  readonly id?: string | null;
}

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
}

/** The text of a message, without its images. */
export function textOf(message: Message | undefined): string {
  const content = message?.content ?? "";
  if (typeof content === "string") return content;
  return content.map((part) => part.text ?? "").join("");
}

export const imagesIn = (messages: readonly Message[]): number =>
  messages.reduce(
    (count, { content }) =>
      count +
      (Array.isArray(content) ? (content as Part[]).filter((part) => part.type === "image_url").length : 0),
    0,
  );

/** The marker by which a spec finds its request on the bill: that of the last user message, else any. */
export function tagIn(messages: readonly Message[]): string | undefined {
  const marker = /tag-[a-z0-9-]+/;
  const users = messages.filter((message) => message.role === "user");
  const found = marker.exec(textOf(users.at(-1))) ?? marker.exec(messages.map(textOf).join("\n"));
  return found?.[0];
}

/** Neighbouring pieces of one block become the block: a client may send back either. */
export function mergeDetails(pieces: readonly Detail[]): Detail[] {
  const merged: Detail[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last === undefined || last.type !== piece.type || last.index !== piece.index) merged.push(piece);
    else merged[merged.length - 1] = joined(last, piece);
  }
  return merged;
}

function joined(one: Detail, other: Detail): Detail {
  const texts = Object.fromEntries(
    (["text", "summary", "data"] as const)
      .filter((key) => one[key] !== undefined || other[key] !== undefined)
      .map((key) => [key, (one[key] ?? "") + (other[key] ?? "")]),
  );
  return { ...one, ...other, ...texts };
}
