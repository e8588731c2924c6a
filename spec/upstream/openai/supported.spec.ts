import { describe, expect, it } from "vitest";
import { ProxyError } from "../../../src/core/error.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { postSupported, type SupportedBegun } from "../../../src/upstream/openai/supported.ts";
import { createAbort } from "../../../src/lib/abort.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

type Answering = (body: JsonObject) => JsonObject | undefined;

/** A server that refuses what `refuse` says, with its error; it answers whatever it does not refuse. */
function server(refuse: Answering) {
  const bodies: JsonObject[] = [];
  const pool = {
    send: (attempt: { readonly body: Uint8Array }) => {
      const body = JSON.parse(Buffer.from(attempt.body).toString("utf8")) as JsonObject;
      bodies.push(body);
      const error = refuse(body);
      const said = Buffer.from(error === undefined ? "{}" : JSON.stringify({ error }));
      const stream = (async function* () {
        yield said;
      })();
      return Promise.resolve({ status: error === undefined ? 200 : 400, headers: {}, body: stream });
    },
    close: () => undefined,
  };
  const timeouts = { firstByteMs: 0, idleMs: 0, totalMs: 0 };
  const parts = { name: "host", pool, timeouts, clock: createFakeClock() };
  const unsupported = new Map<string, Set<string>>();
  const ask = async (body: JsonObject, mayBeWhole = false): Promise<SupportedBegun> => {
    const posting = { model: "m", path: "/v1/chat/completions", body, headers: {} };
    const begun = await postSupported(
      parts as never,
      { posting, id: "m", unsupported, mayBeWhole },
      createAbort().signal,
    );
    begun.end();
    return begun;
  };
  return { ask, bodies };
}

const refusing =
  (...fields: string[]): Answering =>
  (body) => {
    const field = fields.find((one) => body[one] !== undefined);
    if (field === undefined) return undefined;
    return { message: `${field} is not supported`, param: field, code: "unsupported_parameter" };
  };

const chat = { model: "m", messages: [{ role: "user", content: "hi" }] };

describe("a field that a server refuses", () => {
  it("is left out, from then on at once, and reported each time", async () => {
    const { ask, bodies } = server(refusing("temperature", "top_p"));
    const body = { ...chat, temperature: 0.5, top_p: 0.9, seed: 1 };

    expect((await ask(body)).leftOut).toEqual(["temperature", "top_p"]);
    expect((await ask(body)).leftOut).toEqual(["temperature", "top_p"]);

    expect(bodies.slice(2)).toEqual([
      { ...chat, seed: 1 },
      { ...chat, seed: 1 },
    ]);
  });

  it("with one of its values is sent again with the next request", async () => {
    const { ask, bodies } = server((body) =>
      body["temperature"] === 0.5
        ? { message: "only 1", param: "temperature", code: "unsupported_value" }
        : undefined,
    );

    await ask({ ...chat, temperature: 0.5 });
    await ask({ ...chat, temperature: 1 });

    expect(bodies.map((one) => one["temperature"])).toEqual([0.5, undefined, 1]);
  });

  it("is a limit: it is sent under its newer name", async () => {
    const { ask, bodies } = server(refusing("max_tokens"));

    expect((await ask({ ...chat, max_tokens: 7 })).leftOut).toEqual([]);

    expect(bodies.at(-1)).toEqual({ ...chat, max_completion_tokens: 7 });
  });

  it("is the stream: nothing is said of its counts either", async () => {
    const { ask, bodies } = server(refusing("stream"));

    await ask({ ...chat, stream: true, stream_options: { include_usage: true } });

    expect(bodies.at(-1)).toEqual(chat);
  });

  it.each(["tools", "response_format", "messages", "max_completion_tokens"])(
    "is %s: the refusal is the answer",
    async (field) => {
      const { ask, bodies } = server(refusing(field));

      await expect(ask({ ...chat, [field]: [] })).rejects.toMatchObject({ code: "upstream_rejected" });

      expect(bodies).toHaveLength(1);
    },
  );

  it("that was not sent is not looked for", async () => {
    const { ask, bodies } = server(() => ({
      message: "no",
      param: "messages[0].role",
      code: "unsupported_value",
    }));

    await expect(ask(chat)).rejects.toBeInstanceOf(ProxyError);

    expect(bodies).toHaveLength(1);
  });

  it("is asked for whole where nobody waits for a stream, and the first refusal is told when that fails too", async () => {
    const whole = server((body) => (body["stream"] === true ? { message: "not with JSON" } : undefined));
    await whole.ask({ ...chat, stream: true }, true);
    expect(whole.bodies.at(-1)).toEqual(chat);

    let times = 0;
    const never = server(() => ({ message: `refusal ${(times += 1)}` }));
    await expect(never.ask({ ...chat, stream: true }, true)).rejects.toThrow("refusal 1");
  });
});
