import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endpoints, methodsOf, paths } from "../../src/http/routes.ts";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { talk, type RawAnswer } from "../support/raw-client.ts";

let running: RunningDaemon;

beforeAll(async () => {
  running = await startDaemon(
    "demo: on\nserver:\n  body_limit: 1KiB\nupstreams: [{name: gone, url: 127.0.0.1:1}]\n",
  );
});
afterAll(() => running.stop());

async function ask(method: string, path: string, headers = "", body = ""): Promise<RawAnswer | undefined> {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}`;
  const { answers } = await talk(running.port, `${head}${headers}\r\n\r\n${body}`);
  expect(answers.length).toBeLessThanOrEqual(1);
  return answers[0];
}

const concrete = (path: string): string =>
  path.replace(":digest", `sha256:${"0".repeat(64)}`).replace(/:\w+/, "demo");

describe("a path that is not there", () => {
  it.each([
    ["/nothing"],
    ["/api"],
    ["/api/"],
    ["/v1/"],
    ["/debug/pprof/"],
    ["/api/chat/x"],
    ["/favicon.ico"],
  ])("is answered at %s as Ollama answers it", async (path) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const answer = await ask(method, path);
      expect(answer?.status).toBe(404);
      expect(answer?.headers["content-type"]).toBe("text/plain");
      expect(answer?.body.toString()).toBe("404 page not found");
    }
  });
});

describe("a method that a path does not have", () => {
  it.each(paths.map((path) => [path]))("is answered at %s with those it has", async (path) => {
    const served = methodsOf(path);
    const others = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].filter(
      (method) => !served.includes(method),
    );

    for (const method of others) {
      const answer = await ask(method, concrete(path));
      expect(answer?.status).toBe(405);
      expect(answer?.headers.allow).toBe(served.join(", "));
      expect(answer?.body.toString()).toBe(method === "HEAD" ? "" : "405 method not allowed");
    }
  });
});

describe("a path with slashes too many", () => {
  it.each([
    ["GET", "/api/tags/", 301, "/api/tags"],
    ["GET", "/v1/models/?a=b", 301, "/v1/models?a=b"],
    ["POST", "/api/chat/", 307, "/api/chat"],
    ["DELETE", "/api/delete/", 307, "/api/delete"],
    ["POST", "//api/chat", 307, "/api/chat"],
    ["POST", "/api//chat/?x=//y", 307, "/api/chat?x=//y"],
  ])("is sent from %s %s by %i to %s", async (method, path, status, location) => {
    const answer = await ask(method, path);

    expect(answer?.status).toBe(status);
    expect(answer?.headers.location).toBe(location);
  });

  it.each([["//evil.example"], ["//evil.example/api/tags"], ["/\\evil.example"], ["///"]])(
    "is never sent elsewhere: %s",
    async (path) => {
      const answer = await ask("GET", path);

      expect(answer?.headers.location ?? "/").toMatch(/^\/(?![/\\])/);
    },
  );
});

describe("HEAD", () => {
  it.each(endpoints.filter((one) => one.method === "HEAD" && "page" in one.serves).map((one) => [one.path]))(
    "is answered at %s with what GET would say, without a body",
    async (path) => {
      const [head, get] = [await ask("HEAD", path), await ask("GET", path)];

      expect(head?.status).toBe(get?.status);
      expect(head?.headers["content-type"]).toBe(get?.headers["content-type"]);
      expect(head?.body.length).toBe(0);
      expect(get?.body.length).toBeGreaterThan(0);
    },
  );
});

describe("X-Chasqui-Request-Id", () => {
  const chat = '{"model":"demo","messages":[{"role":"user","content":"x"}],"options":{"num_predict":1}}';

  it.each([
    ["a page", "GET", "/api/tags", "", "", 200],
    ["a whole answer", "POST", "/api/show", "", '{"model":"demo"}', 200],
    ["a stream", "POST", "/api/chat", "", chat, 200],
    ["a stream of OpenAI's", "POST", "/v1/chat/completions", "", chat.replace("{", '{"stream":true,'), 200],
    ["a path that is not there", "GET", "/nothing", "", "", 404],
    ["a method that is not there", "POST", "/api/tags", "", "", 405],
    ["a redirect", "GET", "/api/tags/", "", "", 301],
    ["a bad body", "POST", "/api/chat", "", "{", 400],
    ["a large body", "POST", "/api/chat", "", " ".repeat(1_025), 413],
    [
      "an unknown model",
      "POST",
      "/v1/messages",
      "",
      chat.replace("demo", "nope").replace("{", '{"max_tokens":1,'),
      503,
    ],
    ["an upstream that is down", "POST", "/api/pull", "", '{"model":"a"}', 503],
    ["a foreign page", "GET", "/api/tags", "\r\nOrigin: https://evil.test", "", 403],
    ["a preflight", "OPTIONS", "/api/tags", "\r\nOrigin: http://localhost:1", "", 204],
    ["too many headers", "GET", "/api/tags", "\r\nX-A: b".repeat(120), "", 431],
    ["a coding nobody knows", "POST", "/api/chat", "\r\nHost: localhost", "", 400],
  ])("is on %s", async (_name, method, path, headers, body, status) => {
    const answer = await ask(method, path, headers, body);

    expect(answer?.status).toBe(status);
    expect(answer?.headers["x-chasqui-request-id"]).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  });

  it.each([
    ["a", true],
    ["A1.b_c-d", true],
    ["x".repeat(64), true],
    ["x".repeat(65), false],
    ["a b", false],
    ["a,b", false],
    ["a/b", false],
    ["é", false],
    ["a\tb", false],
    ["<script>", false],
    ["", false],
  ])("keeps an incoming X-Request-Id %j only when it is well-formed: %s", async (id, kept) => {
    const answer = await ask("GET", "/healthz", `\r\nX-Request-Id: ${id}`);
    const given = answer?.headers["x-chasqui-request-id"] ?? "";

    expect(given === id).toBe(kept);
    expect(given).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
  });

  it("takes none of two incoming ones", async () => {
    const answer = await ask("GET", "/healthz", "\r\nX-Request-Id: a\r\nX-Request-Id: b");

    expect(["a", "b"]).not.toContain(answer?.headers["x-chasqui-request-id"]);
  });

  it("is different for each request, and in the log", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("GET", "/api/version")));
    const ids = answers.map((one) => one?.headers["x-chasqui-request-id"]);

    expect(new Set(ids).size).toBe(20);
    const logged = running.lines.map((line) => line.id);
    for (const id of ids) expect(logged).toContain(id);
  });
});
