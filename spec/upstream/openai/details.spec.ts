import { describe, expect, it } from "vitest";
import { createDetails, type Details } from "../../../src/upstream/openai/details.ts";

const signed = [{ type: "reasoning.encrypted", data: "s", id: "r1" }];
const call = { id: "f:0", name: "f", arguments: '{"a": 1, "b": 2}' };

const event = (delta: object): string => JSON.stringify({ choices: [{ delta }] });

function say(details: Details, scope = "ana", ends = true): void {
  const listener = details.listen(scope);
  const said = { id: call.id, index: 0, function: { name: "f", arguments: '{"a":1,' } };
  listener.data([event({ reasoning_details: signed }), event({ tool_calls: [said] })]);
  listener.data([event({ tool_calls: [{ index: 0, function: { arguments: '"b":2}' } }] })]);
  if (ends) listener.end();
}

describe("what a provider wants back with a tool call", () => {
  it("is known by the call, however its arguments are written", () => {
    const details = createDetails();
    say(details);

    expect(details.of("ana", call)).toEqual(signed);
  });

  it("is not given to another, with another call of the same id, or of an answer that broke off", () => {
    const details = createDetails();
    say(details);
    say(details, "bo", false);

    expect(details.of("bo", call)).toBeUndefined();
    expect(details.of("ana", { ...call, arguments: '{"a":2}' })).toBeUndefined();
    expect(details.of("ana", { ...call, name: "g" })).toBeUndefined();
  });
});
