import { describe, expect, it } from "vitest";
import { createHealth, type Health } from "../../src/upstream/health.ts";
import type { BreakerOptions } from "../../src/upstream/streak.ts";
import { createFakeClock, pass, type FakeClock } from "../support/fake-clock.ts";

const usual: BreakerOptions = {
  failuresMax: 5,
  refusalsMax: 3,
  sampleMin: 20,
  failureShare: 0.5,
  windowMs: 10_000,
  cooldownMs: 1_000,
  cooldownMaxMs: 8_000,
};

interface Patient {
  readonly health: Health;
  readonly clock: FakeClock;
  readonly states: string[];
  probes(): number;
  /** What the next probes find. */
  alive: boolean;
}

/** `random` 1 makes each wait exactly its nominal length. */
function createPatient(options: Partial<BreakerOptions> = {}, random = 1): Patient {
  const clock = createFakeClock();
  const states: string[] = [];
  let probes = 0;
  const patient: Patient = {
    clock,
    states,
    alive: true,
    probes: () => probes,
    health: createHealth({
      options: { ...usual, ...options },
      clock,
      random: () => random,
      onChange: (state) => states.push(state),
      ask: () => {
        probes += 1;
        return patient.alive ? Promise.resolve() : Promise.reject(new Error("no sign of life"));
      },
    }),
  };
  return patient;
}

async function createUp(options: Partial<BreakerOptions> = {}, random = 1): Promise<Patient> {
  const patient = createPatient(options, random);
  await patient.health.probe();
  return patient;
}

function fail({ health }: Patient, times: number, kind: "connect" | "answer" = "answer"): void {
  for (let time = 0; time < times; time++) health.failed(kind);
}

describe("breaker", () => {
  it("takes an upstream for up only once it gave a sign of life", async () => {
    const patient = createPatient();
    const before = patient.health.state;

    await patient.health.probe();

    expect(before).not.toBe("up");
    expect(patient.health.state).toBe("up");
  });

  it.each([
    { kind: "answer", enough: 5 },
    { kind: "connect", enough: 3 },
  ] as const)("opens after $enough failures in a row of kind $kind, not before", async ({ kind, enough }) => {
    const patient = await createUp();

    fail(patient, enough - 1, kind);
    const before = patient.health.state;
    fail(patient, 1, kind);

    expect(before).toBe("up");
    expect(patient.health.state).toBe("down");
    expect(patient.health.opened).toBe(1);
  });

  it("begins to count anew after a good answer", async () => {
    const patient = await createUp({ sampleMin: 1_000 });

    for (let round = 0; round < 4; round++) {
      fail(patient, 4);
      for (let good = 0; good < 6; good++) patient.health.succeeded();
    }

    expect(patient.health.state).toBe("up");
  });

  it("opens when half of the calls in the window fail", async () => {
    const patient = await createUp({ failuresMax: 1_000 });

    for (let call = 0; call < 10; call++) {
      patient.health.succeeded();
      patient.health.failed("answer");
    }

    expect(patient.health.state).toBe("down");
  });

  it("forgets failures older than the window", async () => {
    const patient = await createUp({ failuresMax: 1_000 });
    fail(patient, 19);

    await pass(patient.clock, 10_001);
    fail(patient, 19);

    expect(patient.health.state).toBe("up");
  });

  it("waits twice as long after each failed probe, up to the limit", async () => {
    const patient = await createUp();
    patient.alive = false;
    fail(patient, 5);

    const waits: number[] = [];
    for (let probe = 0; probe < 5; probe++) {
      waits.push(patient.health.retryInMs());
      await pass(patient.clock, patient.health.retryInMs());
    }

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(patient.probes()).toBe(6);
  });

  it("does not probe before its wait is over", async () => {
    const patient = await createUp();
    fail(patient, 5);

    await pass(patient.clock, 999);
    const early = patient.probes();
    await pass(patient.clock, 1);

    expect(early).toBe(1);
    expect(patient.probes()).toBe(2);
  });

  it.each([0, 0.5, 1])("spreads its waits but never beyond the nominal one: random %s", async (random) => {
    const patient = await createUp({}, random);

    fail(patient, 5);

    expect(patient.health.retryInMs()).toBeGreaterThan(0);
    expect(patient.health.retryInMs()).toBeLessThanOrEqual(1_000);
  });

  it("closes when a probe finds life, and is as patient as ever after the next good answer", async () => {
    const patient = await createUp();
    patient.alive = false;
    fail(patient, 5);
    await pass(patient.clock, 1_000);
    patient.alive = true;
    await pass(patient.clock, 2_000);
    expect(patient.health.state).toBe("up");
    patient.health.succeeded();

    fail(patient, 5);

    expect(patient.health.retryInMs()).toBe(1_000);
    expect(patient.health.opened).toBe(2);
  });

  it("needs as many failures as at first to open again", async () => {
    const patient = await createUp();
    fail(patient, 5);
    await pass(patient.clock, 1_000);

    fail(patient, 4);

    expect(patient.health.state).toBe("up");
  });

  it("goes through half-open on its way up", async () => {
    const patient = await createUp();
    fail(patient, 5);

    await pass(patient.clock, 1_000);

    expect(patient.states).toEqual(["up", "down", "half-open", "up"]);
  });

  it("makes one probe for all who ask at once", async () => {
    const patient = createPatient();

    await Promise.all([patient.health.probe(), patient.health.probe(), patient.health.probe()]);

    expect(patient.probes()).toBe(1);
  });

  it("never probes again once it is closed", async () => {
    const patient = await createUp();
    patient.alive = false;
    fail(patient, 5);

    patient.health.close();
    await pass(patient.clock, 1_000_000);

    expect(patient.probes()).toBe(1);
    expect(patient.clock.pending).toBe(0);
  });
});
