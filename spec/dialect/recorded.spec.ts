import { describe, expect, it } from "vitest";
import { endOf } from "../support/answer-end.ts";
import { ProxyError } from "../../src/core/error.ts";
import type { AnswerEnd } from "../../src/dialect/dialect.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import { checkModel, modelNotFound } from "../../src/dialect/model-check.ts";
import { field, isObject, parseFirst } from "../../src/lib/json.ts";
import { JsonSyntaxError } from "../../src/lib/json-scan.ts";
import { type Recorded, recorded } from "../support/recorded.ts";

const isStream = ({ contentType }: Recorded): boolean => /ndjson|event-stream/.test(contentType);
const frames = ({ dialect, answer }: Recorded): string[] =>
  answer.split(dialects[dialect].frame === "line" ? /(?<=\n)/ : /(?<=\n\n)/);
const end = ({ dialect, operation }: Recorded, text: string): AnswerEnd =>
  endOf(dialects[dialect], text, operation);

/** The last counts of tokens that an answer tells, in whatever spelling. */
function counts({ answer }: Recorded): AnswerEnd["usage"] {
  const last = (pattern: RegExp) => [...answer.matchAll(pattern)].at(-1)?.[1];
  const inputTokens = last(/"(?:prompt_eval_count|prompt_tokens|input_tokens)":(\d+)/g);
  const outputTokens = last(/"(?:eval_count|completion_tokens|output_tokens)":(\d+)/g);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return { inputTokens: Number(inputTokens ?? 0), outputTokens: Number(outputTokens ?? 0) };
}

const good = recorded.filter(({ status }) => status === 200);
const streams = good.filter(isStream);

/** What Chasqui says by itself, before any upstream is asked: the error text, undefined when the request is fine so far. */
function verdict({ asked, dialect, operation }: Recorded): string | undefined {
  try {
    const body = parseFirst(Buffer.from(asked));
    dialects[dialect].checkRequest(body, operation);
    const name = isObject(body) ? (field(body, "model") ?? field(body, "name") ?? "") : "";
    checkModel(typeof name === "string" ? name : "", operation);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) return thrown.empty ? "missing request body" : thrown.message;
    if (thrown instanceof ProxyError) return thrown.message;
    throw thrown;
  }
}

function errorText({ answer }: Recorded): string {
  const { error } = JSON.parse(answer) as { error: string | { message: string } };
  return typeof error === "string" ? error : error.message;
}

/** Errors that take a look at the models or the options, which only an upstream can judge. */
const upstreamsOwn = /does not support|must be of type|raw mode|invalid format|'nope|"nope"|Value looks like/;
const refused = recorded.filter(
  ({ status, contentType }) => status >= 400 && status !== 403 && contentType.includes("json"),
);

describe.skipIf(recorded.length === 0)("beside a real Ollama (../shared/conformance)", () => {
  it("there is enough to compare with", () => {
    expect(streams.length).toBeGreaterThanOrEqual(10);
    expect(refused.length).toBeGreaterThan(30);
  });

  // What a show says is judged by its status alone.
  it.each(good.filter((one) => one.operation !== "show"))(
    "$id is seen to be complete, and its tokens are counted",
    (one) => {
      expect(end(one, one.answer)).toEqual({ complete: true, error: undefined, usage: counts(one) });
    },
  );

  it.each(streams)("$id is seen to be cut wherever its end is missing", (one) => {
    const all = frames(one);
    const final = all.findIndex((frame) => /"done":true|"finish_reason":"|"message_stop"/.test(frame));
    expect(final).toBeGreaterThan(0);

    for (let many = 0; many <= final; many++) {
      expect(end(one, all.slice(0, many).join(""))).toMatchObject({ complete: false, error: undefined });
    }
  });

  it.each(streams)("$id is seen to be cut within its last line", (one) => {
    const final =
      frames(one).find((frame) => /"done":true|"finish_reason":"|"message_stop"/.test(frame)) ?? "";
    const before = one.answer.slice(0, one.answer.indexOf(final));

    expect(end(one, before + final.slice(0, final.length / 2)).complete).toBe(false);
  });

  it.each(refused.filter((one) => !upstreamsOwn.test(one.answer) && one.status === 400))(
    "$id is refused in the same words",
    (one) => {
      expect(verdict(one)).toBe(errorText(one));
    },
  );

  it.each(recorded.filter(({ status }) => status === 200))("$id is not refused", (one) => {
    expect(verdict(one)).toBeUndefined();
  });

  it.each(refused.filter((one) => one.id.endsWith("unknown-model") || one.id === "show-unknown"))(
    "$id names the unknown model in the same words",
    (one) => {
      expect(modelNotFound("nope", one.operation).message).toBe(errorText(one));
    },
  );
});
