import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { openSocket } from "../support/raw-client.ts";

let daemon: RunningDaemon;

beforeAll(async () => {
  daemon = await startDaemon("upstreams: [{ url: 'http://127.0.0.1:1' }]\ndemo: on\n");
});
afterAll(() => daemon.stop());

/** Sends a head as it stands and gives back everything that came, with the connection closed. */
async function talk(head: string): Promise<string> {
  const socket = await openSocket(daemon.port);
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once("close", resolve));
  return heard;
}

describe("what Ollama's router adds", () => {
  it.each([
    ["a foreign origin", "Host: localhost\r\nOrigin: https://evil.example", " 403 "],
    ["a foreign host", "Host: evil.example", " 403 "],
    ["a host that is a name", "Host: localhost", " 204 "],
  ])("names the methods of a path when it refuses another one for %s", async (_why, headers, status) => {
    const heard = await talk(`OPTIONS /api/chat HTTP/1.1\r\n${headers}`);

    expect(heard).toContain(status);
    expect(heard).toMatch(/\r\nAllow: POST\r\n/i);
  });

  it("says nothing of methods for a path it does not have", async () => {
    expect(await talk("OPTIONS /api/nothing HTTP/1.1\r\nHost: localhost")).not.toMatch(/\r\nAllow:/i);
  });

  it.each([
    [
      "GET /api/tags/?a=1&b=<2>",
      " 301 ",
      "/api/tags?a=1&b=<2>",
      '<a href="/api/tags?a=1&amp;b=&lt;2&gt;">Moved Permanently</a>.\n\n',
    ],
    ["GET //api/tags", " 307 ", "/api/tags", '<a href="/api/tags">Temporary Redirect</a>.\n\n'],
    ["POST /api/chat/", " 307 ", "/api/chat", ""],
  ])("redirects %s with a page as Go's", async (line, status, location, page) => {
    const heard = await talk(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0`);

    expect(heard).toContain(status);
    expect(heard).toContain(`\r\nLocation: ${location}\r\n`);
    expect(heard.slice(heard.indexOf("\r\n\r\n") + 4)).toBe(page);
  });
});

describe("the words for a bad request under /v1", () => {
  const validation = "application/json; charset=utf-8";
  const handler = "application/json";
  const say = "json: cannot unmarshal";

  it.each([
    [
      "/v1/chat/completions",
      { model: "demo", messages: "hi" },
      validation,
      `${say} string into Go struct field ChatCompletionRequest.messages of type []openai.Message`,
    ],
    [
      "/v1/chat/completions",
      { model: "demo", messages: [{}], temperature: "hot" },
      validation,
      `${say} string into Go struct field ChatCompletionRequest.temperature of type float64`,
    ],
    ["/v1/chat/completions", { model: "bad name!", messages: [{}] }, handler, "invalid model name"],
    [
      "/v1/completions",
      { model: "demo", prompt: ["a"] },
      validation,
      `${say} array into Go struct field CompletionRequest.prompt of type string`,
    ],
    ["/v1/embeddings", { model: "demo" }, validation, "invalid input"],
    [
      "/v1/messages",
      { model: "demo", max_tokens: 8, messages: {} },
      validation,
      `${say} object into Go struct field MessagesRequest.messages of type []anthropic.MessageParam`,
    ],
    ["/v1/messages", { model: "bad name!", max_tokens: 8, messages: [{}] }, handler, "invalid model name"],
  ])("%s %j", async (path, body, contentType, message) => {
    const answer = await fetch(daemon.url + path, { method: "POST", body: JSON.stringify(body) });
    const text = await answer.text();

    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe(contentType);
    expect(text.endsWith("\n")).toBe(contentType === handler);
    expect((JSON.parse(text) as { error: { message: string } }).error.message).toBe(message);
  });
});
