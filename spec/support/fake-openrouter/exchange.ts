import type { IncomingMessage, ServerResponse } from "node:http";
import type { BillEntry } from "./bill.ts";
import type { FakeModel } from "./catalogue.ts";
import { errorHeaders, errorObject, type Complaint, type Fault } from "./faults.ts";
import type { Generation } from "./generation.ts";
import type { Detail } from "./wire.ts";

/** One request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  /** Below `/api/v1` (or all of it, when it is not below), without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The parsed JSON, an empty object where there was none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** What its answer was billed under. */
  generationId?: string;
}

/** Says what goes wrong with a request; `nth` counts the requests of its path, from 0. */
export type FaultChooser = (request: SeenRequest, nth: number) => Fault | undefined;

/** What is switched and looked at while it runs. */
export interface State {
  readonly key: string;
  readonly models: FakeModel[];
  readonly seen: SeenRequest[];
  readonly bill: Map<string, BillEntry>;
  readonly generations: Map<string, Generation>;
  faults: (Fault | undefined)[] | FaultChooser;
  readonly down: Set<string>;
  readonly billsAfterCancel: Set<string>;
  generationMisses: number;
  limitUsd: number | null;
  managesCredits: boolean;
  promptCache: boolean;
  readonly cachedPrompts: Map<string, string[][]>;
  /** The thoughts that went out with a tool call, by the id of the call. */
  readonly thoughts: Map<string, readonly Detail[]>;
  echoedReasoning: boolean | undefined;
  readonly epochMs: () => number;
  /** Resolves when what hangs may go on. */
  gate: Promise<void>;
  lastId: number;
}

export interface Exchange {
  readonly state: State;
  readonly seen: SeenRequest;
  readonly outgoing: ServerResponse;
  readonly fault: Fault | undefined;
  /** Resolves when the connection or the answer is over. */
  readonly closed: Promise<void>;
}

const jsonType = "application/json";

export function sendJson(
  { seen, outgoing }: Exchange,
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): void {
  outgoing.writeHead(status, { "content-type": jsonType, ...identity(seen), ...headers });
  outgoing.end(JSON.stringify(value));
}

export function sendError(exchange: Exchange, complaint: Complaint): void {
  sendJson(
    exchange,
    { error: errorObject(complaint), user_id: "user_1" },
    { status: complaint.status, headers: errorHeaders(complaint) },
  );
}

export const identity = ({ generationId }: SeenRequest): Record<string, string> =>
  generationId === undefined ? {} : { "x-generation-id": generationId };

/** Writes and waits until the kernel has it; fails when the client is gone. */
export function write({ outgoing }: Exchange, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (outgoing.destroyed) return reject(new Error("the client is gone"));
    outgoing.once("close", reject);
    outgoing.write(bytes, (error) => {
      outgoing.off("close", reject);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Waits for the release; fails when the client leaves first. */
export async function untilReleased(exchange: Exchange): Promise<void> {
  await Promise.race([exchange.state.gate, exchange.closed]);
  if (exchange.outgoing.destroyed) throw new Error("the client is gone");
}

/** Waits so long, or until it is released; fails when the client leaves first. True when it was released. */
export async function wait(exchange: Exchange, waitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<"passed">((resolve) => (timer = setTimeout(() => resolve("passed"), waitMs)));
  const first = await Promise.race([passed, exchange.state.gate, exchange.closed]);
  clearTimeout(timer);
  if (exchange.outgoing.destroyed) throw new Error("the client is gone");
  return first !== "passed";
}

/** Ends the connection, politely as far as TCP is concerned, or with a reset; what was written is read before. */
export async function breakOff({ outgoing }: Exchange, how: "cut" | "reset"): Promise<void> {
  for (let round = 0; round < 10; round++) await new Promise((resolve) => setImmediate(resolve));
  if (how === "cut") outgoing.socket?.destroySoon();
  else outgoing.socket?.resetAndDestroy();
}

/** Faults that are the same for every answer. True when the answer is over with it. */
export async function failedAtHead(exchange: Exchange): Promise<boolean> {
  const { fault, outgoing } = exchange;
  if (fault?.kind === "hang") {
    await untilReleased(exchange);
    return false;
  }
  if (!endsAtHead(fault)) return false;
  if (fault.kind === "http") sendError(exchange, fault);
  else if (fault.kind === "error-in-200") {
    sendJson(exchange, { error: errorObject(fault) }, { headers: errorHeaders(fault) });
  } else if (fault.kind === "html") {
    outgoing.writeHead(fault.status, { "content-type": "text/html; charset=UTF-8", server: "cloudflare" });
    outgoing.end(
      `<!DOCTYPE html><html><head><title>${fault.status}: A timeout occurred</title></head></html>`,
    );
  } else await breakOff(exchange, fault.kind === "cut-before-headers" ? "cut" : "reset");
  return true;
}

const headKinds = ["http", "error-in-200", "html", "cut-before-headers", "reset-before-headers"] as const;

/** Whether nothing is generated, because of what goes wrong. */
export const endsAtHead = (
  fault: Fault | undefined,
): fault is Extract<Fault, { kind: (typeof headKinds)[number] }> =>
  fault !== undefined && (headKinds as readonly string[]).includes(fault.kind);
