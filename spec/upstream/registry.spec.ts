import { describe, expect, it } from "vitest";
import type { Call } from "../../src/core/call.ts";
import { createSemaphore } from "../../src/lib/semaphore.ts";
import { createRegistry } from "../../src/upstream/registry.ts";
import { choose, type Route } from "../../src/upstream/route.ts";
import type { HealthState } from "../../src/upstream/health.ts";
import { noModels, type Upstream } from "../../src/upstream/upstream.ts";
import { nobody } from "../support/asker.ts";
import { createFakeClock, pass, type FakeClock } from "../support/fake-clock.ts";

interface Traits {
  readonly models?: readonly string[];
  readonly warm?: readonly string[];
  readonly places?: number;
  readonly type?: Upstream["type"];
  readonly seen?: boolean;
}

/** An upstream that exists only on paper. */
interface Paper extends Upstream {
  state: HealthState;
  looks: number;
  /** What the next look finds. */
  finds: readonly string[];
}

const key = (name: string): string => `registry.ollama.ai/library/${name}:latest`;

function paper(name: string, clock: FakeClock, traits: Traits = {}): Paper {
  let held = traits.models ?? ["tiny"];
  const places = { places: traits.places ?? 4, queueMax: 8, waitMs: 1_000, clock };
  const one: Paper = {
    name,
    type: traits.type ?? "ollama",
    isCloud: false,
    takesAnyModel: false,
    trouble: undefined,
    url: undefined,
    configured: true,
    state: "up",
    looks: 0,
    finds: held,
    health: {
      get state() {
        return one.state;
      },
      opened: 0,
      succeeded: () => undefined,
      failed: () => undefined,
      retryInMs: () => 5_000,
      probe: () => Promise.resolve(),
      close: () => undefined,
    },
    inference: createSemaphore(places),
    control: createSemaphore(places),
    get models() {
      const byKey = new Map(held.map((model) => [key(model), { name: `${model}:latest` }]));
      const warm = new Set((traits.warm ?? []).map(key));
      return { ...noModels, byKey, warm, seenAtMs: traits.seen === false ? undefined : 0 };
    },
    send: () => Promise.reject(new Error("it exists only on paper")),
    refresh() {
      one.looks += 1;
      held = one.finds;
      return Promise.resolve();
    },
    noteLoaded: () => undefined,
    close: () => undefined,
  };
  return one;
}

const callFor = (model: string, more: Partial<Call> = {}): Call => ({
  id: "1",
  dialect: "ollama",
  operation: "chat",
  method: "POST",
  path: "/api/chat",
  raw: new Uint8Array(0),
  wire: {},
  model,
  headers: {},
  pinnedUpstream: undefined,
  asker: nobody,
  ...more,
});

function house(traits: readonly Traits[], demo: "auto" | "on" | "off" = "off") {
  const clock = createFakeClock();
  const upstreams = traits.map((one, index) => paper(`u${index}`, clock, one));
  const demoUpstream = paper("demo", clock, { models: ["demo"], type: "demo" });
  const registry = createRegistry({
    upstreams,
    demo: demo === "off" ? undefined : demoUpstream,
    demoMode: demo,
    fallbacks: [],
    clock,
    refreshMs: 10_000,
  });
  return { clock, upstreams, registry };
}

/** Those that have the model itself. */
const candidatesOf = ({ stages }: Route): readonly Upstream[] => stages[0]?.upstreams ?? [];

const namesOf = (upstreams: readonly Upstream[]): string[] => upstreams.map((one) => one.name);

describe("registry", () => {
  it("routes to those that are up and have the model", async () => {
    const { registry, upstreams } = house([{}, { models: ["other"] }, {}, {}]);
    upstreams[3]!.state = "down";

    const route = await registry.route(callFor("tiny"));

    expect(namesOf(candidatesOf(route))).toEqual(["u0", "u2"]);
    expect(route.stages[0]?.target).toEqual({ key: key("tiny"), model: "tiny" });
  });

  it.each(["half-open", "down"] as const)("never routes to one that is %s", async (state) => {
    const { registry, upstreams } = house([{}]);
    upstreams[0]!.state = state;

    await expect(registry.route(callFor("tiny"))).rejects.toMatchObject({
      code: "no_upstream",
      status: 503,
      retryAfterMs: 5_000,
    });
  });

  it("looks anew before it calls a model unknown", async () => {
    const { registry, upstreams } = house([{}]);
    upstreams[0]!.finds = ["tiny", "new"];

    const route = await registry.route(callFor("new"));

    expect(namesOf(candidatesOf(route))).toEqual(["u0"]);
  });

  it("does not look anew for every request with a wrong name", async () => {
    const { registry, upstreams } = house([{}]);
    for (let time = 0; time < 20; time++)
      await expect(registry.route(callFor("nope"))).rejects.toMatchObject({ code: "model_not_found" });

    expect(upstreams[0]!.looks).toBe(1);
  });

  it("does not call a model unknown that an upstream never seen may have", async () => {
    const { registry, upstreams } = house([{ models: [], seen: false }]);
    upstreams[0]!.state = "down";

    await expect(registry.route(callFor("nope"))).rejects.toMatchObject({ code: "no_upstream" });
  });

  it("leads a name of ollama.com to a server that does not list it", async () => {
    const { registry } = house([{}]);

    expect(namesOf(candidatesOf(await registry.route(callFor("gpt-oss:120b-cloud"))))).toEqual(["u0"]);
  });

  it("heeds the upstream a client insists on", async () => {
    const { registry } = house([{}, {}]);

    expect(namesOf(candidatesOf(await registry.route(callFor("tiny", { pinnedUpstream: "u1" }))))).toEqual([
      "u1",
    ]);
  });

  it("refuses an upstream that there is none of, and names those there are", async () => {
    const { registry } = house([{}, {}]);

    await expect(registry.route(callFor("tiny", { pinnedUpstream: "nope" }))).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("u0, u1") as string,
    });
  });

  it("pulls where the model already is", async () => {
    const { registry } = house([{ models: ["other"] }, {}]);
    const call = callFor("tiny", { operation: "pull", path: "/api/pull" });

    expect(namesOf(candidatesOf(await registry.route(call)))).toEqual(["u1"]);
  });

  it("looks at every upstream that is up once an interval, until it is stopped", async () => {
    const { registry, upstreams, clock } = house([{}, {}]);
    upstreams[1]!.state = "down";
    await registry.start(1_000);

    await pass(clock, 10_000);
    await pass(clock, 10_000);
    registry.stop();
    await pass(clock, 100_000);

    expect(upstreams.map((one) => one.looks)).toEqual([3, 1]);
  });

  it.each([
    { demo: "auto", up: true, offered: false },
    { demo: "auto", up: false, offered: true },
    { demo: "on", up: true, offered: true },
    { demo: "off", up: false, offered: false },
  ] as const)(
    "offers the demo model: $offered, with demo $demo and a server up: $up",
    ({ demo, up, offered }) => {
      const { registry, upstreams } = house([{}], demo);

      upstreams[0]!.state = up ? "up" : "down";

      expect(namesOf(registry.upstreams).includes("demo")).toBe(offered);
    },
  );

  it("never lets the demo model answer for another name", async () => {
    const { registry, upstreams } = house([{ seen: true }], "auto");
    upstreams[0]!.state = "down";

    await expect(registry.route(callFor("tiny"))).rejects.toMatchObject({ code: "no_upstream" });
    await expect(registry.route(callFor("nope"))).rejects.toMatchObject({ code: "model_not_found" });
    expect(namesOf(candidatesOf(await registry.route(callFor("demo"))))).toEqual(["demo"]);
  });
});

describe("the choice among candidates", () => {
  const signal = new AbortController().signal;

  async function occupy(upstream: Upstream, times: number): Promise<void> {
    for (let time = 0; time < times; time++) await upstream.inference.acquire(signal);
  }

  it("prefers a loaded model to an idle upstream", async () => {
    const clock = createFakeClock();
    const [cold, warm] = [paper("cold", clock), paper("warm", clock, { warm: ["tiny"] })];
    await occupy(warm, 3);

    expect(choose([cold, warm], key("tiny"))?.name).toBe("warm");
  });

  it("prefers a free place to a loaded model", async () => {
    const clock = createFakeClock();
    const [cold, warm] = [paper("cold", clock), paper("warm", clock, { warm: ["tiny"] })];
    await occupy(warm, 4);

    expect(choose([cold, warm], key("tiny"))?.name).toBe("cold");
  });

  it("prefers the less busy for its size", async () => {
    const clock = createFakeClock();
    const [small, large] = [paper("small", clock, { places: 2 }), paper("large", clock, { places: 10 })];
    await occupy(small, 1);
    await occupy(large, 3);

    expect(choose([small, large], key("tiny"))?.name).toBe("large");
  });

  it("keeps the order of the configuration otherwise", () => {
    const clock = createFakeClock();

    expect(choose([paper("a", clock), paper("b", clock)], key("tiny"))?.name).toBe("a");
  });

  it("chooses nobody from nobody", () => {
    expect(choose([], key("tiny"))).toBeUndefined();
  });
});
