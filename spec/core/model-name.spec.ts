import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayName, modelKey, parseModelName, shortName } from "../../src/core/model-name.ts";

function parsed(text: string) {
  const name = parseModelName(text);
  if (name === undefined) throw new Error(`${text} is not legal`);
  return name;
}

const letters = "abcXYZ019_".split("");
const part = (more: string) =>
  fc
    .tuple(
      fc.constantFrom(...letters),
      fc.string({ unit: fc.constantFrom(...letters, ...more.split("")), maxLength: 8 }),
    )
    .map(([first, rest]) => first + rest);

/** A legal name with some or all of its parts said. */
const legal = fc
  .record({
    host: fc.option(part("-."), { nil: undefined }),
    namespace: fc.option(part("-"), { nil: undefined }),
    model: part("-."),
    tag: fc.option(part("-."), { nil: undefined }),
  })
  .filter(({ tag }) => !/^(?:local|.*cloud)$/i.test(tag ?? ""))
  .map(({ host, namespace, model, tag }) => {
    const path = namespace === undefined ? model : `${namespace}/${model}`;
    const full = host === undefined || namespace === undefined ? path : `${host}/${path}`;
    return tag === undefined ? full : `${full}:${tag}`;
  });

describe("a model name", () => {
  it.each([
    ["tiny", "registry.ollama.ai", "library", "tiny", "latest"],
    ["tiny:7b", "registry.ollama.ai", "library", "tiny", "7b"],
    [" tiny ", "registry.ollama.ai", "library", "tiny", "latest"],
    ["user/m:7b", "registry.ollama.ai", "user", "m", "7b"],
    ["library/tiny", "registry.ollama.ai", "library", "tiny", "latest"],
    ["hf.co/user/m-GGUF:Q4_K_M", "hf.co", "user", "m-GGUF", "Q4_K_M"],
    ["host:5000/ns/m", "host:5000", "ns", "m", "latest"],
    ["host:5000/ns/m:t", "host:5000", "ns", "m", "t"],
    ["http://host/ns/m", "host", "ns", "m", "latest"],
    ["https://host/ns/m:t", "host", "ns", "m", "t"],
    [
      "meta-llama/llama-3.1-8b-instruct:free",
      "registry.ollama.ai",
      "meta-llama",
      "llama-3.1-8b-instruct",
      "free",
    ],
    ["_x._-:_", "registry.ollama.ai", "library", "_x._-", "_"],
    ["a".repeat(80), "registry.ollama.ai", "library", "a".repeat(80), "latest"],
    [`m:${"a".repeat(80)}`, "registry.ollama.ai", "library", "m", "a".repeat(80)],
    [`${"h".repeat(350)}/n/m`, "h".repeat(350), "n", "m", "latest"],
  ])("%j is read", (text, host, namespace, model, tag) => {
    expect(parseModelName(text)).toMatchObject({ host, namespace, model, tag });
  });

  it.each([
    "",
    " ",
    "bad name!",
    "a b",
    "a\nb",
    ".a",
    "-a",
    "a:",
    "a:-b",
    "a:.b",
    ":7b",
    "/a",
    "a/",
    "a//b",
    "ns.x/m",
    "a/b/c/d",
    "a@sha256:0123",
    "a:b@c",
    "a:b:c",
    "é",
    "..",
    "../../etc/passwd",
    "a".repeat(81),
    `m:${"a".repeat(81)}`,
    `${"n".repeat(81)}/m`,
    `${"h".repeat(351)}/n/m`,
  ])("%j is not legal", (text) => {
    expect(parseModelName(text)).toBeUndefined();
  });

  it.each([
    ["tiny", undefined],
    ["tiny:local", "local"],
    ["tiny:7b:LOCAL", "local"],
    ["gpt-oss:cloud", "cloud"],
    ["gpt-oss:20b-cloud", "cloud"],
    ["gpt-oss:20B-Cloud", "cloud"],
    ["gpt-oss:20b:cloud", "cloud"],
    ["user/my-cloud", undefined],
    ["my-cloud", undefined],
    ["my-cloud:7b", undefined],
    ["host:5000/ns/x-cloud", undefined],
  ])("%j asks for the source %s", (text, source) => {
    expect(parsed(text).source).toBe(source);
  });

  it.each([
    ["tiny", "TINY:Latest"],
    ["tiny", "library/tiny"],
    ["tiny", " registry.ollama.ai/library/tiny:latest "],
    ["tiny", "https://Registry.Ollama.AI/Library/tiny"],
    ["tiny", "tiny:local"],
    ["user/m:7b", "USER/M:7B:local"],
  ])("%j and %j are the same model", (a, b) => {
    expect(modelKey(parsed(a))).toBe(modelKey(parsed(b)));
  });

  it.each([
    ["tiny", "tiny:7b"],
    ["tiny", "user/tiny"],
    ["hf.co/user/m", "user/m"],
    ["gpt-oss:20b", "gpt-oss:20b-cloud"],
    ["gpt-oss", "gpt-oss:cloud"],
  ])("%j and %j are different models", (a, b) => {
    expect(modelKey(parsed(a))).not.toBe(modelKey(parsed(b)));
  });

  it.each([
    ["tiny", "tiny:latest"],
    ["library/tiny:7b", "tiny:7b"],
    ["registry.ollama.ai/library/tiny", "tiny:latest"],
    ["Registry.Ollama.AI/Library/tiny", "tiny:latest"],
    ["user/m", "user/m:latest"],
    ["hf.co/library/m", "hf.co/library/m:latest"],
    ["Tiny:7B", "Tiny:7B"],
  ])("%j is listed as %s", (text, want) => {
    expect(displayName(parsed(text))).toBe(want);
  });

  it.each([
    ["tiny:latest", "tiny"],
    ["tiny:LATEST", "tiny"],
    ["user/tiny:latest", "user/tiny"],
    ["tiny:7b", "tiny:7b"],
    ["latest", "latest"],
    ["tiny:latest-q4", "tiny:latest-q4"],
  ])("%j is written shortly as %s", (text, want) => {
    expect(shortName(text)).toBe(want);
  });

  it("is the same model in any case and in the form it is listed in, its tag always said", () => {
    fc.assert(
      fc.property(legal, (text) => {
        const name = parsed(text);
        const shown = displayName(name);

        expect(shown.slice(shown.lastIndexOf("/") + 1)).toMatch(/^[^:]+:[^:]+$/);
        expect(modelKey(parsed(shown))).toBe(modelKey(name));
        expect(modelKey(parsed(shortName(shown)))).toBe(modelKey(name));
        expect(modelKey(parsed(text.toUpperCase()))).toBe(modelKey(name));
      }),
    );
  });

  it("is read or refused, whatever the text, in good time", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab/:.-_ @".split("")), maxLength: 40 }), (text) => {
        const name = parseModelName(text);

        expect(name === undefined || modelKey(name).length > 0).toBe(true);
      }),
    );
    expect(parseModelName("a/".repeat(200_000))).toBeUndefined();
  });
});
