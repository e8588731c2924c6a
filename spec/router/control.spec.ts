import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/core/error.ts";
import { type ControlParts, modeOf, readControl } from "../../src/router/control.ts";

describe("the name auto", () => {
  it.each([
    ["auto", "auto"],
    [" Auto:Latest ", "auto"],
    ["auto:local", "local"],
    ["AUTO:CLOUD", "cloud"],
    ["auto:fast", "fast"],
    ["auto:local:latest", "local"],
    ["auto:quality", undefined],
    ["automatic", undefined],
    ["constructor", undefined],
    ["llama3.2", undefined],
  ])("%j asks for %s", (model, mode) => {
    expect(modeOf(model)).toBe(mode);
  });
});

describe("what a client says of routing", () => {
  const reading = (headers: ControlParts["headers"], model = "auto") => readControl({ model, headers });

  it("is nothing, for most", () => {
    expect(reading({})).toEqual({ mode: "auto", isSearchBarred: false });
    expect(reading({}, "llama3.2").mode).toBe("auto");
  });

  it.each<[ControlParts["headers"], object]>([
    [{ "x-chasqui-tier": "HIGH" }, { tier: "high" }],
    [{ "x-chasqui-no-search": "1" }, { isSearchBarred: true }],
    [{ "x-chasqui-no-search": "off" }, { isSearchBarred: false }],
    [{ "x-chasqui-no-sources": " True " }, { isSourcesBarred: true, isSearchBarred: false }],
    [{ "x-chasqui-no-sources": "no" }, { isSourcesBarred: false }],
    [{ "x-chasqui-max-cost": "0" }, { costNanoUsdMax: 0 }],
    [{ "x-chasqui-max-cost": " 0.29 " }, { costNanoUsdMax: 290_000_000 }],
    [{ "x-chasqui-max-cost": "12.000000001" }, { costNanoUsdMax: 12_000_000_001 }],
    [{ "x-chasqui-session": "chat:7.a_b-c" }, { session: "chat:7.a_b-c" }],
  ])("%j", (headers, said) => {
    expect(reading(headers)).toMatchObject(said);
  });

  it.each<[ControlParts["headers"], RegExp]>([
    [{ "x-chasqui-tier": "highest" }, /^X-Chasqui-Tier: expected low, medium or high$/],
    [{ "x-chasqui-tier": "" }, /^X-Chasqui-Tier: expected/],
    [{ "x-chasqui-tier": ["low", "high"] }, /^X-Chasqui-Tier: expected/],
    [{ "x-chasqui-no-search": "maybe" }, /^X-Chasqui-No-Search: expected true or false$/],
    [{ "x-chasqui-no-sources": "maybe" }, /^X-Chasqui-No-Sources: expected true or false$/],
    [{ "x-chasqui-no-sources": "" }, /^X-Chasqui-No-Sources: expected true or false$/],
    [{ "x-chasqui-no-sources": ["1", "1"] }, /^X-Chasqui-No-Sources: expected true or false$/],
    [{ "x-chasqui-max-cost": "$1" }, /^X-Chasqui-Max-Cost: expected US dollars/],
    [{ "x-chasqui-max-cost": "-1" }, /^X-Chasqui-Max-Cost/],
    [{ "x-chasqui-max-cost": "1e-3" }, /^X-Chasqui-Max-Cost/],
    [{ "x-chasqui-max-cost": "0,05" }, /^X-Chasqui-Max-Cost/],
    [{ "x-chasqui-session": "a b" }, /^X-Chasqui-Session: expected at most 128/],
    [{ "x-chasqui-session": "x".repeat(129) }, /^X-Chasqui-Session/],
  ])("%j is an error that names the header", (headers, text) => {
    let thrown: unknown;
    try {
      reading(headers);
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(ProxyError);
    expect(thrown).toMatchObject({ code: "invalid_request", message: expect.stringMatching(text) });
  });
});
