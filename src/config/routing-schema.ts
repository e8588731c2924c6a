import { z } from "zod";
import { compilePattern, PatternError } from "../lib/pattern.ts";
import { privateKinds } from "../lib/private/kinds.ts";
import { between, count, expected, list, listOfSections, text, yesNo } from "./fields.ts";

const pattern = z.strictObject({
  /** What it finds, as it is called in headers and decisions. */
  name: text("a name"),
  /** A regular expression. */
  pattern: z.string(expected("a regular expression")).superRefine((source, context) => {
    const problem = patternProblem(source);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  }),
});

/** A request that says nothing. */
const emptyRequest = '{"model":"auto","messages":[{"role":"user","content":""}],"stream":true}';

function patternProblem(source: string): string | undefined {
  try {
    if (!compilePattern(source).finds(emptyRequest)) return undefined;
    return "finds something in every request, even in an empty one: everything would be private";
  } catch (thrown) {
    if (thrown instanceof PatternError)
      return `expected a regular expression of RE2; this one ${thrown.message}`;
    throw thrown;
  }
}

/** The section `routing`. */
export const routingSchema = z.strictObject({
  /** Whether the model `auto` is offered. */
  enabled: yesNo(true),
  /** Other names that are routed as well, `*` for any text; every other name is answered by its own model. */
  models: list(text("a model's name")),
  /** 0: as cheap as possible, 10: as good as possible. */
  dial: between(0, 10).default(5),
  /** An answer of which it is not sure that a local model can give it: verify, up or local. */
  on_uncertain: z.enum(["verify", "up", "local"], expected("verify, up or local")).default("verify"),
  /** Local models, the best first; unless said all that are there, the largest first. */
  local: list(text("a model's name")),
  /** Cloud models, the best first; unless said that of money.baseline, or all that are offered. */
  cloud: list(text("a model's name")),
  /** The model of `auto:fast`; the smallest local one unless said. */
  fast: text("a model's name").optional(),
  private: z
    .strictObject({
      /** What keeps a conversation in the house when it is found in one. */
      kinds: z
        .array(
          z.enum(privateKinds, expected(`one of ${privateKinds.join(", ")}`)),
          expected("a list, e.g. [api_key, email]"),
        )
        .default(["private_key", "api_key", "jwt", "password", "card_number", "iban", "us_ssn"]),
      /** More of it. */
      patterns: listOfSections(pattern, String.raw`{ name: project, pattern: "\\bproject condor\\b" }`),
    })
    .prefault({}),
  /** How many decisions are remembered for GET /api/decisions. */
  decisions: count(500, 1),
  /** Most tokens that web results may take in a prompt. */
  search_tokens: count(1_500, 100),
});
