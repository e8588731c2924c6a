import { createServer, connect } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { noBreaker, quiet, requestLines, stages } from "../support/stage.ts";
import { chatPaths, goodFrames, goodWhole } from "../support/wires.ts";

const setStage = stages();

/** A parse and a stringify would change every one of these. */
const odd =
  '"seed":12345678901234567890,"top_p":1.0,  "x_unknown":{"b":1,"a":2},"x_twice":1,"x_twice":2,"e":1E2,"u":"\\u00e9\\/"';
const oddBody = (stream: boolean): string =>
  `{"stream":${stream}, ${odd},"max_tokens":5,"messages":[{"role":"user","content":"hi"}],"model":"tiny"}  `;

describe("what is relayed", () => {
  const ways = chatPaths.flatMap((path) => [true, false].map((stream) => ({ path, stream })));

  it.for(ways)("is the same to the byte both ways: $path, stream $stream", async ({ path, stream }) => {
    const stage = await setStage();

    const answer = await ask(stage.url(path), oddBody(stream));

    expect(stage.one.calls()[0]?.body).toBe(oddBody(stream));
    expect(answer.text).toBe(stream ? goodFrames(path).join("") : goodWhole(path));
  });

  it("keeps an upstream's refusal to the byte", async () => {
    const stage = await setStage();
    const body = '{"error":"\\u003cno\\u003e", "code":12345678901234567890}\n';
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status: 422, body } : undefined);

    const answer = await ask(stage.url("/api/chat"), oddBody(true));

    expect(answer.status).toBe(422);
    expect(answer.text).toBe(body);
  });

  it.for(ways)("brings no header of the upstream's own: $path, stream $stream", async ({ path, stream }) => {
    const stage = await setStage();

    const { headers } = await ask(stage.url(path), oddBody(stream));

    for (const name of ["set-cookie", "server", "x-powered-by"]) expect(headers[name]).toBeUndefined();
  });

  it.for(chatPaths)("carries none of the client's secrets and whereabouts upstream: %s", async (path) => {
    const stage = await setStage();
    const headers = {
      origin: "http://localhost:3000",
      referer: "http://localhost:3000/secret-page",
      authorization: "Bearer client-secret",
      "x-api-key": "client-secret",
      cookie: "session=client-secret",
      "x-forwarded-for": "203.0.113.7",
      host: "localhost:1234",
    };

    await ask(stage.url(path), oddBody(true), { headers });

    const seen = stage.one.calls()[0]?.headers ?? {};
    expect(JSON.stringify(seen)).not.toMatch(
      /client-secret|secret-page|localhost:3000|203\.0\.113\.7|localhost:1234/,
    );
    expect(seen.host).toBe(stage.one.url.replace("http://", ""));
  });

  it("sends the upstream's own key and no other", async () => {
    const stage = await setStage();
    const keyed = await startDaemon(
      `demo: off\nupstreams: [{ name: one, url: "${stage.one.url}", api_key: upstream-secret }]\n`,
    );
    try {
      await ask(`${keyed.url}/api/chat`, oddBody(true), {
        headers: { authorization: "Bearer client-secret" },
      });

      expect(stage.one.calls()[0]?.headers.authorization).toBe("Bearer upstream-secret");
    } finally {
      await keyed.stop();
    }
  });
});

const digest = `sha256:${"a".repeat(64)}`;
const blob = Buffer.alloc(300_000, "b");

describe("an upload", () => {
  it.for([10, 60_000, 300_000, 3_000_000])("of %s bytes reaches the upstream whole", async (length) => {
    const stage = await setStage();
    stage.one.respond = ({ path }) =>
      path.startsWith("/api/blobs/") ? { status: 201, body: "" } : undefined;

    const answer = await ask(stage.url(`/api/blobs/${digest}`), Buffer.alloc(length, "b"));

    expect(answer.status).toBe(201);
    expect(stage.one.calls()[0]?.body.length).toBe(length);
  });
});

describe("an upload that the upstream does not take", () => {
  it("is answered when nobody listens any more", async () => {
    const stage = await setStage();
    await stage.one.refuse();

    const answer = await ask(stage.url(`/api/blobs/${digest}`), blob, {
      headers: { "x-request-id": "blob" },
    });

    expect(answer.status).toBe(502);
    expect(answer.text).toBe('{"error":"upstream one refused the connection"}');
    await quiet(stage);
    expect(requestLines(stage, "blob")).toHaveLength(1);
  });

  it("is answered with the upstream's own words", async () => {
    const stage = await setStage();
    const body = '{"error":"digest mismatch"}';
    stage.one.respond = () => ({ status: 400, body });

    const answer = await ask(stage.url(`/api/blobs/${digest}`), blob);

    expect(answer.status).toBe(400);
    expect(answer.text).toBe(body);
  });

  it("is answered when the upstream hangs up", async () => {
    const stage = await setStage();
    stage.one.hangsUp = true;

    const answer = await ask(stage.url(`/api/blobs/${digest}`), blob);

    expect(answer.status).toBe(502);
    await quiet(stage);
  });
});

describe("an unreadable model name", () => {
  it("is answered although the upstream was never there", async () => {
    const stage = await setStage({ prepare: ([one]) => one?.refuse() });

    const answer = await ask(stage.url("/api/show"), '{"model":"\\ud800"}', {
      headers: { "x-request-id": "lone" },
    });

    expect(answer.status).toBe(503);
    expect(answer.text).toBe('{"error":"upstream one is down"}');
    expect(requestLines(stage, "lone")).toHaveLength(1);
    await stage.one.accept();
  });
});

const daemons: RunningDaemon[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await Promise.all(daemons.splice(0).map((one) => one.stop()));
});

/** A place whose connections lead to a port that is known later. */
async function startSignpost(): Promise<{ url: string; point(port: number): void }> {
  let target = 0;
  const server = createServer((inner) => {
    const outer = connect(target, "127.0.0.1");
    inner.on("error", () => outer.destroy()).on("close", () => outer.destroy());
    outer.on("error", () => inner.destroy()).on("close", () => inner.destroy());
    inner.pipe(outer).pipe(inner);
    closers.push(() => inner.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    point: (port) => (target = port),
  };
}

describe("a daemon behind itself", () => {
  it.for(chatPaths)("is found out when a request comes back by way of another daemon: %s", async (path) => {
    const signpost = await startSignpost();
    const yaml = (url: string): string =>
      `demo: off\n${noBreaker}\nupstreams: [{ name: next, url: "${url}" }]\n`;
    const near = await startDaemon(yaml(signpost.url));
    daemons.push(near);
    const far = await startDaemon(yaml(near.url));
    daemons.push(far);
    signpost.point(far.port);
    await near.daemon.registry.freshen(0, 2_000);
    await far.daemon.registry.freshen(0, 2_000);
    const body = oddBody(true).replace('"tiny"', '"gpt-oss:120b-cloud"');

    const answer = await ask(near.url + path, body);

    expect(answer.status).toBe(508);
    expect(answer.text).toContain("leads back to Chasqui itself");
  });
});
