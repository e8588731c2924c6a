import { describe, expect, it } from "vitest";
import type { LogFields, Logger } from "../../src/lib/log.ts";
import { createNamedModelsCheck } from "../../src/main/named-models.ts";
import { noModels, type Upstream } from "../../src/upstream/upstream.ts";
import { load } from "../support/configuration.ts";

type Standing = Pick<Upstream, "configured"> & { readonly state: "up" | "down" | "half-open" };

/** A server whose list is known while it is up. */
const upstream = ({ configured, state }: Standing): Upstream =>
  ({
    name: "ollama",
    type: "ollama",
    isCloud: false,
    configured,
    health: { state },
    models: { ...noModels, seenAtMs: state === "up" ? 1 : undefined },
  }) as unknown as Upstream;

/** What is warned of at each of these moments. */
function warningsAt(moments: readonly Standing[]): unknown[][] {
  const told: unknown[][] = [];
  const log = {
    warn: (_message: string, { problem }: LogFields = {}) => void told.at(-1)?.push(problem),
  } as unknown as Logger;
  let now: readonly Upstream[] = [];
  const check = createNamedModelsCheck(load({ yaml: "routing: { local: [nosuch] }" }), {
    upstreams: () => now,
    log: () => log,
  });
  for (const moment of moments) {
    now = [upstream(moment)];
    told.push([]);
    check();
  }
  return told;
}

const warning = "routing.local names nosuch, which no upstream has";

describe("a model named for auto that nobody has", () => {
  it("waits for a configured server, which may have it", () => {
    const [down, up] = warningsAt([
      { configured: true, state: "down" },
      { configured: true, state: "up" },
    ]);

    expect([down, up]).toEqual([[], [warning]]);
  });

  it("is warned of without the usual Ollama server, as soon as that was looked for", () => {
    const [early, down, later] = warningsAt([
      { configured: false, state: "half-open" },
      { configured: false, state: "down" },
      { configured: false, state: "down" },
    ]);

    expect([early, down, later]).toEqual([[], [warning], []]);
  });
});
