import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type SearchEngine = "searxng" | "brave" | "tavily" | "serper" | "ollama" | "duckduckgo";

/** What goes wrong with the next request. */
export type SearchFault =
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly headers?: object }
  | { readonly kind: "forbidden-html" }
  | { readonly kind: "limited"; readonly retryAfter?: string }
  | { readonly kind: "slow" }
  | { readonly kind: "drip" }
  | { readonly kind: "garbage" }
  | { readonly kind: "html" }
  | { readonly kind: "other-shape" }
  | { readonly kind: "unresponsive" }
  | { readonly kind: "empty" }
  | { readonly kind: "huge" }
  | { readonly kind: "redirect"; readonly to: string }
  | { readonly kind: "cut" };

/** One request as the fake saw it; `asked` is its query or body by name. */
export interface SeenSearch {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly asked: Readonly<Record<string, unknown>>;
}

export interface FakePage {
  readonly title: string;
  readonly url: string;
  readonly text: string;
  readonly date?: string;
}

export interface FakeSearch {
  readonly url: string;
  readonly seen: SeenSearch[];
  /** Requests that arrive from now on fail so, one fault each. */
  fail(...faults: SearchFault[]): void;
  /** What is found from now on. */
  find(pages: readonly FakePage[]): void;
  /** Replaces the whole answer. */
  answer(value: unknown): void;
  stop(): Promise<void>;
}

export const fakePages: readonly FakePage[] = [
  { title: "Llamas", url: "https://example.org/llamas", text: "A llama is a camelid.", date: "2025-12-30" },
  { title: "Alpacas", url: "https://example.com/alpacas", text: "An alpaca is smaller." },
];

/** The key that the fakes accept. */
export const fakeKey = "sk-search-1234567890abcdef";

/** A search engine on loopback that answers in the documented shape of one provider. */
export async function startFakeSearch(engine: SearchEngine): Promise<FakeSearch> {
  const seen: SeenSearch[] = [];
  const faults: SearchFault[] = [];
  let pages = fakePages;
  let whole: unknown;
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing));

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const one = await read(incoming);
    seen.push(one);
    const fault = faults.shift();
    if (fault !== undefined) return misbehave(outgoing, fault, engine);
    if (!isWelcome(engine, one)) return send(outgoing, 404, { error: "not this way" });
    if (!hasKey(engine, one.headers)) return send(outgoing, 401, { error: `bad key ${fakeKey}` });
    send(outgoing, 200, whole ?? shapes[engine](pages), contentTypes[engine]);
  };

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    fail: (...more) => void faults.push(...more),
    find: (found) => void (pages = found),
    answer: (value) => void (whole = value),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const contentTypes: Partial<Record<SearchEngine, string>> = { duckduckgo: "application/x-javascript" };

async function read(incoming: IncomingMessage): Promise<SeenSearch> {
  const url = new URL(incoming.url ?? "/", "http://fake");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const isForm = incoming.headers["content-type"] === "application/x-www-form-urlencoded";
  const sent = isForm ? Object.fromEntries(new URLSearchParams(body)) : body === "" ? {} : JSON.parse(body);
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    headers: incoming.headers,
    asked: { ...Object.fromEntries(url.searchParams), ...(sent as object) },
  };
}

const doors: Readonly<Record<SearchEngine, string>> = {
  searxng: "POST /search",
  brave: "GET /res/v1/web/search",
  tavily: "POST /search",
  serper: "POST /search",
  ollama: "POST /api/web_search",
  duckduckgo: "GET /",
};

const isWelcome = (engine: SearchEngine, { method, path }: SeenSearch): boolean =>
  doors[engine] === `${method} ${path}`;

function hasKey(engine: SearchEngine, headers: IncomingHttpHeaders): boolean {
  if (engine === "brave") return headers["x-subscription-token"] === fakeKey;
  if (engine === "serper") return headers["x-api-key"] === fakeKey;
  if (engine === "tavily" || engine === "ollama") return headers.authorization === `Bearer ${fakeKey}`;
  return true;
}

const shapes: Readonly<Record<SearchEngine, (pages: readonly FakePage[]) => unknown>> = {
  searxng: (pages) => ({
    query: "q",
    results: pages.map(({ title, url, text, date }, at) => ({
      url,
      title,
      content: text,
      engine: "bing",
      engines: ["bing"],
      positions: [at + 1],
      score: 1 / (at + 1),
      category: "general",
      publishedDate: date === undefined ? null : `${date}T00:00:00`,
    })),
    answers: [],
    corrections: [],
    infoboxes: [],
    suggestions: [],
    unresponsive_engines: [],
  }),
  brave: (pages) => ({
    type: "search",
    query: { original: "q", more_results_available: true },
    web: {
      type: "search",
      results: pages.map(({ title, url, text, date }) => ({
        title,
        url,
        description: text,
        ...(date === undefined ? {} : { age: "2 days ago", page_age: `${date}T00:00:00` }),
        meta_url: { hostname: new URL(url).hostname },
      })),
    },
  }),
  tavily: (pages) => ({
    query: "q",
    images: [],
    results: pages.map(({ title, url, text, date }, at) => ({
      title,
      url,
      content: text,
      score: 1 - at / 10,
      raw_content: null,
      ...(date === undefined ? {} : { published_date: date }),
    })),
    response_time: 0.4,
    request_id: "r",
  }),
  serper: (pages) => ({
    searchParameters: { q: "q", type: "search" },
    organic: pages.map(({ title, url, text, date }, at) => ({
      title,
      link: url,
      snippet: text,
      position: at + 1,
      ...(date === undefined ? {} : { date: "Dec 30, 2025" }),
    })),
    credits: 1,
  }),
  ollama: (pages) => ({ results: pages.map(({ title, url, text }) => ({ title, url, content: text })) }),
  duckduckgo: (pages) => ({
    Heading: pages[0]?.title ?? "",
    AbstractText: pages[0]?.text ?? "",
    AbstractURL: pages[0]?.url ?? "",
    AbstractSource: "Wikipedia",
    Answer: "",
    Definition: "",
    DefinitionURL: "",
    Results: [],
    RelatedTopics: pages
      .slice(1)
      .map(({ title, url, text }) => ({ Text: `${title} - ${text}`, FirstURL: url, Result: "", Icon: {} })),
    Type: "A",
  }),
};

const listKeys: Readonly<Record<SearchEngine, unknown>> = {
  searxng: { results: {} },
  brave: [],
  tavily: { answer: "x" },
  serper: "nothing",
  ollama: { results: "none" },
  duckduckgo: [],
};

function misbehave(outgoing: ServerResponse, fault: SearchFault, engine: SearchEngine): void {
  switch (fault.kind) {
    case "status":
      outgoing.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void outgoing.end(fault.body ?? `{"detail":{"error":"no, ${fakeKey}"}}`);
    case "forbidden-html":
      return send(outgoing, 403, "<!doctype html><title>403 Forbidden</title>", "text/html");
    case "limited":
      if (fault.retryAfter !== undefined) outgoing.setHeader("retry-after", fault.retryAfter);
      return send(outgoing, 429, { error: "too many" });
    case "slow":
      return;
    case "drip":
      outgoing.writeHead(200, { "content-type": "application/json" });
      return void outgoing.write('{"results":[');
    case "garbage":
      return send(outgoing, 200, '{"results": [nonsense', "application/json");
    case "html":
      return send(outgoing, 200, "<html>Are you a robot?</html>", "text/html");
    case "other-shape":
      return send(outgoing, 200, listKeys[engine]);
    case "unresponsive":
      return send(outgoing, 200, {
        results: [],
        unresponsive_engines: [
          ["google", "CAPTCHA"],
          ["bing", "timeout"],
        ],
      });
    case "empty":
      return send(outgoing, 200, shapes[engine]([]), contentTypes[engine]);
    case "huge":
      return send(
        outgoing,
        200,
        `{"results":[],"pad":"${"x".repeat(2 * 1_024 * 1_024)}"}`,
        "application/json",
      );
    case "redirect":
      outgoing.writeHead(302, { location: fault.to });
      return void outgoing.end();
    case "cut":
      outgoing.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      outgoing.write('{"results":[');
      return void setImmediate(() => outgoing.destroy());
  }
}

function send(
  outgoing: ServerResponse,
  status: number,
  value: unknown,
  contentType = "application/json",
): void {
  outgoing.writeHead(status, { "content-type": contentType });
  outgoing.end(typeof value === "string" ? value : JSON.stringify(value));
}
