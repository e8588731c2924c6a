import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/lib/json.ts";
import { isOfSchema } from "../../src/router/schema.ts";
import { type Answer, type Fault, judgeAnswer } from "../../src/router/verify.ts";

const answerOf = (text: string, more: Partial<Answer> = {}): Answer => ({
  text,
  isComplete: true,
  finish: "stop",
  format: undefined,
  language: "en",
  ...more,
});
const faultOf = (text: string, more: Partial<Answer> = {}): Fault | undefined =>
  judgeAnswer(answerOf(text, more));

const prose =
  "A hash table keeps pairs of keys and values in buckets. To find a value, the key is hashed, and the hash names the bucket. " +
  "When two keys share a bucket, both are kept there, and the table compares them one by one. A good table grows before that gets slow.";

describe("an answer", () => {
  it.each([
    prose,
    "42",
    "Paris.",
    "I'm sorry to hear that. Losing a pet is hard, and there is no right way to grieve.",
    "I cannot stress enough how important backups are.",
    "You can't assign to a constant. Use let instead, and the error goes away.",
    "```ts\nfor (const one of all) {\n  run(one);\n}\n```\nThis runs each of them in turn.",
    `| a | b |\n|---|---|\n${"| 0 | 0 |\n".repeat(60)}`,
    `Here it is:\n${"-".repeat(300)}\nDone, with a ruler above.`,
    Array.from(
      { length: 30 },
      (_, nth) => `${nth + 1}. Step ${"abcdefghijklmnopqrstuvwxyzäöüß"[nth]} does another thing.`,
    ).join("\n"),
  ])("is right as %j", (text) => {
    expect(faultOf(text)).toBeUndefined();
  });

  it("is empty without words, but not when it calls tools or has only begun", () => {
    expect(faultOf(" \n ")).toBe("empty");
    expect(faultOf("", { finish: "tools" })).toBeUndefined();
    expect(faultOf("", { isComplete: false, finish: undefined })).toBeUndefined();
  });

  it("is cut at its length, or when nobody says how it ended, but not when the client set the length", () => {
    expect(faultOf(prose, { finish: "length" })).toBe("cut");
    expect(faultOf(prose, { finish: undefined })).toBe("cut");
    expect(faultOf(prose, { finish: "length", isLimited: true })).toBeUndefined();
    expect(faultOf(prose, { finish: undefined, isComplete: false })).toBeUndefined();
  });

  it.each([
    "I'm sorry, but I can't help with that.",
    "I cannot assist with this request.",
    "As an AI language model, I don't have opinions.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Je suis désolé, mais je ne peux pas répondre à cette demande.",
    "Desculpe, mas não posso ajudar com isso.",
    "Mi dispiace, ma non posso aiutarti con questo.",
    "Het spijt me, maar ik kan daar niet bij helpen.",
    "Извините, но я не могу помочь с этим.",
    "抱歉，我无法提供这方面的帮助。",
    "申し訳ありませんが、そのご要望にはお答えできません。",
  ])("is a refusal as %j, also while it is being said", (text) => {
    expect(faultOf(text)).toBe("refusal");
    expect(faultOf(text, { isComplete: false, finish: undefined })).toBe("refusal");
  });

  it("is no refusal for what it says further down", () => {
    expect(
      faultOf(`${prose} ${prose} The clerk said: I'm sorry, but I can't help with that.`),
    ).toBeUndefined();
  });

  it.each([
    "As of my last knowledge update in 2023, the chancellor was Olaf Scholz.",
    "My knowledge cutoff is October 2023.",
    "I don't have access to real-time data, but prices were about 60.",
    "Ich habe keinen Zugriff auf aktuelle Daten.",
    "No tengo acceso a información en tiempo real.",
    "Je n'ai pas accès aux informations en temps réel.",
    "Não tenho acesso a informações em tempo real.",
    "Non ho accesso a informazioni in tempo reale.",
    "У меня нет доступа к интернету.",
    "截至我的知识截止日期，答案是三。",
    "私の知識は2023年までです。",
  ])("is dated as %j", (text) => {
    expect(faultOf(text, { language: "und" })).toBe("dated");
  });

  it.each([
    "and so on and so forth, ".repeat(20),
    `${prose} ${"The answer is the answer. ".repeat(12)}`,
    "好的".repeat(120),
    Array.from({ length: 12 }, (_, nth) => `${nth + 1}. Restart the server and try again.`).join("\n"),
    `${"the cat sat on the mat and the dog lay on the rug ".repeat(12)} and that was all of it, in the end, my friend`,
  ])("goes in a circle as %j", (text) => {
    expect(faultOf(text, { language: "und" })).toBe("loop");
  });

  it("drifts into another script, unless that was asked for or it is code", () => {
    const chinese =
      "哈希表把键和值存放在桶里。查找时先对键求哈希，然后到对应的桶里逐个比较键是否相同，最后返回值。";
    const code = `\`\`\`py\n${"print(total + value)\n".repeat(3)}\`\`\`\n合計を出力します。`;

    expect(faultOf(chinese)).toBe("wrong_script");
    expect(faultOf(chinese, { language: "zh" })).toBeUndefined();
    expect(faultOf(chinese, { language: "und" })).toBeUndefined();
    expect(faultOf(chinese, { asked: "Translate this into Chinese: ..." })).toBeUndefined();
    expect(faultOf(prose, { language: "ru" })).toBe("wrong_script");
    expect(faultOf(prose, { language: "ru", asked: "переведи на английский" })).toBeUndefined();
    expect(faultOf(code, { language: "ja" })).toBeUndefined();
  });

  it("of megabytes is judged as quickly as it is read", () => {
    const texts = ["a", "ab ", "I am sorry ", "```", "{", "\n", "as of my "].map((piece) =>
      piece.repeat(2_000_000 / piece.length),
    );
    const beganMs = performance.now();
    for (const text of texts) faultOf(text);

    expect(performance.now() - beganMs).toBeLessThan(5_000);
  });
});

describe("an answer in JSON", () => {
  const schema: JsonObject = {
    type: "object",
    properties: {
      city: { type: "string" },
      hours: { type: "array", items: { $ref: "#/$defs/hour" }, minItems: 1 },
    },
    required: ["city", "hours"],
    additionalProperties: false,
    $defs: { hour: { type: "integer" } },
  };

  it.each<[string, Partial<Answer>, Fault | undefined]>([
    ['{"a": 1}', { format: "json" }, undefined],
    [" [1, 2]\n", { format: "json" }, undefined],
    ['```json\n{"a": 1}\n```', { format: "json" }, "broken_json"],
    ['{"a": 1', { format: "json" }, "broken_json"],
    ["Sure! Here it is: {}", { format: "json" }, "broken_json"],
    ['{"a": 1', { format: "json", isComplete: false }, undefined],
    ["Sure! Here", { format: "json", isComplete: false }, "broken_json"],
    ['{"city": "Rome", "hours": [9]}', { format: { schema } }, undefined],
    ['{"city": "Rome", "hours": []}', { format: { schema } }, "wrong_schema"],
    ['{"city": "Rome", "hours": [9.5]}', { format: { schema } }, "wrong_schema"],
    ['{"city": "Rome"}', { format: { schema } }, "wrong_schema"],
    ['{"city": "Rome", "hours": [9], "more": 1}', { format: { schema } }, "wrong_schema"],
    ["I'll look that up.", { format: { schema }, finish: "tools" }, undefined],
  ])("%j is judged", (text, more, fault) => {
    expect(faultOf(text, more)).toBe(fault);
  });

  it.each<[Json, JsonObject, boolean]>([
    [null, { type: ["string", "null"] }, true],
    [1, { type: ["string", "null"] }, false],
    ["b", { enum: ["a", "b"] }, true],
    ["c", { enum: ["a", "b"] }, false],
    [{ a: 1 }, { const: { a: 1 } }, true],
    [2, { anyOf: [{ type: "string" }, { type: "number" }] }, true],
    [true, { oneOf: [{ type: "string" }, { type: "number" }] }, false],
    [{ a: 1 }, { allOf: [{ required: ["a"] }, { required: ["b"] }] }, false],
    [["a", 1], { prefixItems: [{ type: "string" }, { type: "number" }], items: false }, true],
    [["a", 1, 2], { prefixItems: [{ type: "string" }, { type: "number" }], items: false }, false],
    [{ a: 1, b: 2 }, { properties: { a: {} }, additionalProperties: { type: "string" } }, false],
    [{ a: 1 }, { required: ["toString"] }, false],
    [7, { $ref: "#/nowhere", format: "uuid" }, true],
    [7, { type: "bignum" }, true],
  ])("%j of %j: %s", (value, schema, isOf) => {
    expect(isOfSchema(value, schema)).toBe(isOf);
  });

  it("of a schema that names itself comes to an end", () => {
    const self: JsonObject = { $ref: "#" };
    const tree: JsonObject = {
      properties: { next: { $ref: "#" } },
      anyOf: [{ $ref: "#" }, { $ref: "#" }, self],
    };

    expect(isOfSchema({ next: { next: {} } }, self)).toBe(true);
    expect(isOfSchema({ next: { next: {} } }, tree)).toBe(true);
  });

  it("is never of a schema of another type", () => {
    const typeOf = (value: unknown): string =>
      value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom("object", "array", "null", "string", "number", "boolean"),
        (value, type) => {
          expect(isOfSchema(value as Json, { type })).toBe(typeOf(value) === type);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
