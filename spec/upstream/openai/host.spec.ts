import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ask, type Answer } from "../../support/ask.ts";
import { startDaemon } from "../../support/daemon.ts";
import { startFakeOpenRouter } from "../../support/fake-openrouter.ts";
import { noBreaker } from "../../support/stage.ts";

/** What a page answers: a status with JSON, or with text. */
interface Page {
  readonly status: number;
  readonly body: unknown;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const completion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "org/m",
  choices: [{ index: 0, message: { role: "assistant", content: "translated" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
};

/** A host of the model `m` whose `/v1/responses` is the given page. */
async function setHost(page: Page) {
  const paths: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? "";
    request.resume();
    if (request.method === "POST") paths.push(path);
    const { status, body } =
      path === "/v1/responses"
        ? page
        : { status: 200, body: path === "/v1/models" ? { data: [{ id: "m" }] } : completion };
    response.writeHead(status, {
      "content-type": typeof body === "string" ? "text/plain" : "application/json",
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const daemon = await startDaemon(
    `demo: off\nupstreams: [{ type: openai, name: host, url: "http://127.0.0.1:${port}/v1" }]\n${noBreaker}\n`,
  );
  closing.push(
    () => daemon.stop(),
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const responses = (more: object = {}): Promise<Answer> =>
    ask(`${daemon.url}/v1/responses`, { model: "m", input: "hi", ...more });
  return { responses, paths };
}

describe("/v1/responses at another host", () => {
  it("is passed on, and answered under the name that was asked for", async () => {
    const { responses, paths } = await setHost({
      status: 200,
      body: { object: "response", model: "org/m", output: [] },
    });

    const { status, text } = await responses({ previous_response_id: "resp_1" });

    expect([status, JSON.parse(text)]).toEqual([200, { object: "response", model: "m", output: [] }]);
    expect(paths).toEqual(["/v1/responses"]);
  });

  it.each<Page>([
    { status: 404, body: "Not Found" },
    { status: 404, body: { error: { message: "Invalid URL (POST /v1/responses)" } } },
    { status: 405, body: { detail: "Method Not Allowed" } },
    { status: 501, body: "" },
  ])("is translated where there is no such page: $status $body", async (page) => {
    const { responses, paths } = await setHost(page);

    expect((await responses()).text).toContain("translated");
    expect((await responses()).text).toContain("translated");

    expect(paths).toEqual(["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"]);
  });

  it("is not translated when it goes on from an answer that only the host could know", async () => {
    const { responses, paths } = await setHost({ status: 404, body: "Not Found" });

    const { status, text } = await responses({ previous_response_id: "resp_1" });

    expect([status, text]).toEqual([400, expect.stringContaining("previous_response_id is not supported")]);
    expect(paths).toEqual(["/v1/responses"]);
  });

  it.each<readonly [Page, number, string]>([
    [
      { status: 404, body: { error: { code: "model_not_found", message: "no such model" } } },
      404,
      "not found",
    ],
    [{ status: 400, body: { error: { message: "bad input" } } }, 400, "bad input"],
    [{ status: 401, body: { error: { message: "sk-secret is wrong" } } }, 502, "rejects the API key"],
    [{ status: 429, body: { error: { message: "slow down" } } }, 429, "too many requests"],
  ])("tells what went wrong there: %j", async (page, wanted, words) => {
    const { responses, paths } = await setHost(page);

    const { status, text } = await responses();

    expect([status, text]).toEqual([wanted, expect.stringContaining(words)]);
    expect(text).not.toContain("sk-secret");
    expect(new Set(paths)).toEqual(new Set(["/v1/responses"]));
  });
});

describe("models that a client names as second choices", () => {
  it("are sent as far as they are offered; a limit of null is none", async () => {
    const cloud = await startFakeOpenRouter();
    const [mini, other] = ["openai/gpt-4o-mini", "openai/gpt-4o"];
    const daemon = await startDaemon(
      [
        "demo: off",
        `upstreams: [{ type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}", models: ["${mini}"] }]`,
        "openrouter: { max_tokens: 77 }",
      ].join("\n"),
    );
    closing.push(
      () => daemon.stop(),
      () => cloud.stop(),
    );

    const answer = await ask(`${daemon.url}/v1/chat/completions`, {
      model: mini,
      models: [other, mini],
      max_tokens: null,
      messages: [{ role: "user", content: "hi" }],
    });

    expect(answer.status).toBe(200);
    expect(cloud.to("/chat/completions").at(-1)?.body).toMatchObject({ models: [mini], max_tokens: 77 });
  });
});
