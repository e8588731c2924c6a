import { Agent, type Dispatcher } from "undici";
import { layerOf, readBody, type BodyLimits } from "./body.ts";
import { createConnect, type ConnectParts } from "./connect.ts";
import { contentTypeOf, sniff, sniffBytes, type ContentKind } from "./content.ts";
import type { Source } from "./extract-messages.ts";
import { codeOf, isTrustFault } from "../../lib/net-fault.ts";
import { PageFault } from "./fault.ts";
import type { Life } from "./life.ts";

/** What a server answered: a body, or where else to look. */
export type Answer = { readonly source: Source } | { readonly location: string };

/** Asks servers of the internet, one request at a time. */
export interface Exchange {
  /** `url` has passed the guard. Rejects with PageFault, or with the life's reason. */
  ask(url: URL, life: Life): Promise<Answer>;
  close(): void;
}

export interface ExchangeOptions extends BodyLimits, ConnectParts {}

const headersBytesMax = 32_768;

/** All that is ever sent: nothing of a client's request is in it, and nothing is remembered for the next one. */
const headers = {
  "user-agent": "Mozilla/5.0 (compatible; Chasqui; page fetch for a user)",
  accept:
    "text/html,application/xhtml+xml,text/plain;q=0.9,text/markdown;q=0.9,application/json;q=0.5,*/*;q=0.1",
  "accept-encoding": "gzip, br, identity",
};

const redirects = new Set([301, 302, 303, 307, 308]);

/** Every request has a connection of its own, so that each one passes the check of its address. */
export function createExchange(options: ExchangeOptions): Exchange {
  const agent = new Agent({
    connect: createConnect(options),
    connections: null,
    pipelining: 0,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: headersBytesMax,
  });

  const ask = async (url: URL, life: Life): Promise<Answer> => {
    const request = agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      headers,
      signal: life.signal,
    });
    // An answer that comes after the end of the life is thrown away.
    request.then(({ body }) => life.signal.aborted && discard(body), ignore);
    const answer = await life.race(request);
    life.received();
    try {
      return await answerOf(answer, life, options);
    } finally {
      discard(answer.body);
      life.rested();
    }
  };
  return {
    async ask(url, life) {
      life.signal.throwIfAborted();
      life.asked();
      try {
        return await ask(url, life);
      } catch (thrown) {
        life.signal.throwIfAborted();
        throw faultOf(thrown);
      }
    },
    close: () => void agent.destroy().catch(ignore),
  };
}

const ignore = (): void => undefined;

function discard(body: Dispatcher.ResponseData["body"]): void {
  body.on("error", ignore);
  body.destroy();
}

async function answerOf(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  life: Life,
  limits: BodyLimits,
): Promise<Answer> {
  const location = one(headers["location"]);
  if (redirects.has(statusCode) && location !== undefined) return { location };
  if (statusCode !== 200) throw new PageFault(`it answered with HTTP ${statusCode}`);
  const said = contentTypeOf(one(headers["content-type"]));
  const layer = layerOf(one(headers["content-encoding"]));
  let kind: ContentKind = "text";
  const events = {
    received: () => life.received(),
    headBytes: sniffBytes,
    head: (bytes: Uint8Array) => void (kind = sniff(bytes, said.kind)),
  };
  const bytes = await life.race(readBody(body, layer, { limits, events }));
  return { source: { bytes, kind, charset: said.charset } };
}

/** A header's value; several become one that nothing knows, so that two content encodings are refused. */
const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === "object" ? value.join(", ") : value;

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the server refused the connection",
  ECONNRESET: "the server closed the connection",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "the server cannot be reached",
  ETIMEDOUT: "the server did not accept the connection in time",
  UND_ERR_CONNECT_TIMEOUT: "the server did not accept the connection in time",
  UND_ERR_HEADERS_OVERFLOW: "the answer's headers are too large",
};

function faultOf(thrown: unknown): PageFault {
  if (thrown instanceof PageFault) return thrown;
  const code = codeOf(thrown);
  const known = reasons[code] ?? (isTrustFault(code) ? "its certificate is not trusted" : "");
  return new PageFault(known === "" ? "the server broke off its answer" : known, { cause: thrown });
}
