import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/core/call.ts";
import { ProxyError } from "../../src/core/error.ts";
import { checkModel, modelNotFound } from "../../src/dialect/model-check.ts";

function refusal(model: string, operation: Operation): string | undefined {
  try {
    checkModel(model, operation);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ProxyError)) throw thrown;
    return `${thrown.status} ${thrown.message}`;
  }
}

describe("a model", () => {
  it.each<[Operation, string]>([
    ["generate", "404 model '' not found"],
    ["embed", "404 model '' not found"],
    ["chat", "400 model is required"],
    ["embeddings", "400 model is required"],
    ["show", "400 model is required"],
    ["delete", "400 model is required"],
    ["push", "400 model is required"],
    ["messages", "400 model is required"],
    ["pull", "400 invalid model name"],
    ["create", "400 invalid model name"],
  ])("that %s does not name is refused", (operation, want) => {
    expect(refusal("", operation)).toBe(want);
  });

  it.each<[Operation]>([
    ["generate"],
    ["chat"],
    ["embed"],
    ["embeddings"],
    ["pull"],
    ["create"],
    ["messages"],
  ])("that %s calls by an illegal name is refused", (operation) => {
    expect(refusal("bad name!", operation)).toBe("400 invalid model name");
    expect(refusal("../../etc/passwd", operation)).toBe("400 invalid model name");
  });

  it.each<[Operation]>([["generate"], ["chat"], ["embed"]])(
    "cannot be asked of the cloud and of this machine at once by %s",
    (operation) => {
      expect(refusal("x:cloud:local", operation)).toBe(
        '400 use either :local or :cloud, not both: "x:cloud:local"',
      );
    },
  );

  it.each([
    "tiny",
    " tiny ",
    "TINY:7B",
    "user/m",
    "hf.co/u/m:q",
    "meta-llama/x:free",
    "x:cloud",
    "x:local",
    "auto",
  ])("may be called %j", (name) => {
    expect(refusal(name, "chat")).toBeUndefined();
  });

  it.each<[Operation, string]>([
    ["generate", "model 'nope' not found"],
    ["chat", "model 'nope' not found"],
    ["completions", "model 'nope' not found"],
    ["messages", "model 'nope' not found"],
    ["delete", "model 'nope' not found"],
    ["embed", 'model "nope" not found, try pulling it first'],
    ["embeddings", 'model "nope" not found, try pulling it first'],
    ["copy", 'model "nope" not found'],
    ["show", "model 'nope:latest' not found"],
  ])("that %s cannot find is named in its spelling", (operation, want) => {
    expect(modelNotFound("nope", operation)).toMatchObject({ status: 404, message: want });
  });
});
