import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, type Answer, type AskOptions } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeOpenRouter, type FakeOpenRouter } from "../support/fake-openrouter.ts";
import type { Complaint, Fault } from "../support/fake-openrouter/faults.ts";
import { noBreaker } from "../support/stage.ts";
import { bodyFor, chatPaths, claimsEnd, errorTextOf, framesOf } from "../support/wires.ts";

const model = "openai/gpt-4o-mini";
const key = "sk-or-v1-canary-0123456789abcdef";

interface CloudStage {
  readonly daemon: RunningDaemon;
  readonly fake: FakeOpenRouter;
  /** How many calls reached the fake. */
  chats(): number;
  ask(path: string, stream: boolean, options?: AskOptions): Promise<Answer>;
}

/** Every one of some trials in every one of some forms. */
const crossed = <One extends object, Form extends object>(
  ones: readonly One[],
  others: readonly Form[],
): (One & Form)[] => ones.flatMap((one) => others.map((other) => Object.assign({}, one, other)));

const standing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of standing.splice(0)) await stop();
});

const noWait = "retry: { wait: 0s }";

async function setCloud(yaml = noWait): Promise<CloudStage> {
  const stage = await openCloud(yaml);
  standing.push(stage.stop);
  return stage;
}

/** A stage for all tests of a block, none of which leaves anything behind. */
function sharedCloud(): () => CloudStage {
  let stage: Awaited<ReturnType<typeof openCloud>> | undefined;
  beforeAll(async () => {
    stage = await openCloud(noWait);
  });
  afterAll(() => stage?.stop());
  return () => {
    if (stage === undefined) throw new Error("it did not start");
    return stage;
  };
}

async function openCloud(yaml: string): Promise<CloudStage & { readonly stop: () => Promise<void> }> {
  const fake = await startFakeOpenRouter({ key });
  const upstream = `upstreams:\n  - { type: openrouter, url: "${fake.url}", api_key: ${key} }\n`;
  const daemon = await startDaemon(`demo: off\n${upstream}${noBreaker}\n${yaml}\n`);
  return {
    daemon,
    fake,
    async stop() {
      fake.release();
      await daemon.stop();
      await fake.stop();
    },
    chats: () => fake.to("/chat/completions").length,
    ask: (path, stream, options) => ask(daemon.url + path, bodyFor(path, stream, model), options),
  };
}

/** Every endpoint that generates, in both ways. */
const forms = chatPaths.flatMap((path) => [true, false].map((stream) => ({ path, stream })));

/** For what does not depend on the way of answering: every endpoint in one way. */
const someForms = forms.filter(({ path, stream }) => stream === (path !== "/v1/messages"));

function checkGood({ path, stream }: (typeof forms)[number], answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(answer.complete).toBe(true);
  expect(answer.text.replaceAll(/[^a-z:]+/gi, " ")).toMatch(/You/);
  if (stream) expect(claimsEnd(path, answer.text)).toBe(true);
}

async function checkNextIsGood(stage: CloudStage, form: (typeof forms)[number]): Promise<void> {
  checkGood(form, await stage.ask(form.path, form.stream));
}

interface UpstreamStats {
  readonly name: string;
  readonly trouble?: string;
  readonly in_flight: number;
}

async function statsOf({ daemon }: CloudStage): Promise<UpstreamStats> {
  const { text } = await ask(`${daemon.url}/api/stats`);
  const [one] = (JSON.parse(text) as { upstreams: UpstreamStats[] }).upstreams;
  if (one === undefined) throw new Error("there is no upstream");
  return one;
}

/** What is true after every trial: no place is taken, and the key is nowhere. */
async function checkAfter(stage: CloudStage, ...answers: Answer[]): Promise<void> {
  await eventually(async () => (await statsOf(stage)).in_flight === 0, "no place is taken");
  const stats = await ask(`${stage.daemon.url}/api/stats`);
  for (const { text, headers } of [...answers, stats])
    expect(text + JSON.stringify(headers)).not.toMatch(/sk-or-v1|0123456789abcdef/);
  expect(JSON.stringify(stage.daemon.lines)).not.toMatch(/sk-or-v1|0123456789abcdef/);
}

interface Row {
  readonly fault: Complaint;
  readonly status: number;
  readonly says: RegExp;
  readonly retryAfter?: string;
}

const table: readonly Row[] = [
  { fault: { status: 400 }, status: 400, says: /^Invalid request$/ },
  {
    fault: {
      status: 400,
      errorType: "context_length_exceeded",
      message: "maximum context length is 9 tokens",
    },
    status: 400,
    says: /maximum context length is 9 tokens/,
  },
  { fault: { status: 400, errorType: "content_policy_violation" }, status: 400, says: /Invalid request/ },
  { fault: { status: 403 }, status: 400, says: /moderation/ },
  {
    fault: {
      status: 403,
      availability: { code: "region_restricted", retryable: false },
      message: "not in your region",
    },
    status: 400,
    says: /not in your region/,
  },
  { fault: { status: 404 }, status: 404, says: /not found/ },
  { fault: { status: 408 }, status: 504, says: /did not answer in time/ },
  { fault: { status: 504 }, status: 504, says: /did not answer in time/ },
  { fault: { status: 524 }, status: 504, says: /did not answer in time/ },
  { fault: { status: 413 }, status: 413, says: /too large/ },
  { fault: { status: 422 }, status: 400, says: /Unprocessable/ },
  { fault: { status: 429 }, status: 429, says: /too many requests/, retryAfter: "1" },
  { fault: { status: 429, retryAfterS: 7 }, status: 429, says: /too many requests/, retryAfter: "7" },
  {
    fault: { status: 429, retryAfterS: 99_999_999 },
    status: 429,
    says: /too many requests/,
    retryAfter: "60",
  },
  {
    fault: { status: 429, headers: { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" } },
    status: 429,
    says: /too many requests/,
    retryAfter: "1",
  },
  {
    fault: { status: 429, headers: { "retry-after": "soon" } },
    status: 429,
    says: /too many requests/,
    retryAfter: "1",
  },
  { fault: { status: 500 }, status: 502, says: /Internal Server Error/ },
  { fault: { status: 502 }, status: 502, says: /Provider returned error/ },
  { fault: { status: 503, retryAfterS: 3 }, status: 503, says: /busy/, retryAfter: "3" },
  { fault: { status: 529 }, status: 503, says: /busy/, retryAfter: "1" },
  { fault: { status: 503, shape: "flat" }, status: 503, says: /busy/, retryAfter: "1" },
  {
    fault: { status: 402, limitSource: "openrouter_in_flight_budget", retryAfterS: 9 },
    status: 503,
    says: /busy/,
    retryAfter: "9",
  },
];

describe("what OpenRouter refuses with a status", () => {
  const shared = sharedCloud();

  it.each(crossed(table, forms))(
    "$fault.status is $status on $path, stream $stream",
    async ({ fault, status, says, retryAfter, ...form }) => {
      const stage = shared();
      const before = stage.chats();
      stage.fake.faults = [{ kind: "http", ...fault }];

      const answer = await stage.ask(form.path, form.stream);

      expect(answer.status).toBe(status);
      expect(errorTextOf(form.path, answer.text)).toMatch(says);
      expect(answer.headers["retry-after"]).toBe(retryAfter);
      expect(stage.chats()).toBe(before + 1);
      expect((await statsOf(stage)).trouble).toBeUndefined();
      await checkNextIsGood(stage, form);
      await checkAfter(stage, answer);
    },
  );
});

describe("an error in a 200", () => {
  const shared = sharedCloud();

  const plain = table.filter(({ fault }) => fault.headers === undefined && fault.limitSource === undefined);

  it.each(crossed(plain, someForms))(
    "of $fault.status is what the same status is on $path, stream $stream",
    async ({ fault, status, says, ...form }) => {
      const stage = shared();
      stage.fake.faults = [{ kind: "error-in-200", ...fault }];

      const answer = await stage.ask(form.path, form.stream);

      expect(answer.status).toBe(status);
      expect(errorTextOf(form.path, answer.text)).toMatch(says);
      await checkNextIsGood(stage, form);
      await checkAfter(stage, answer);
    },
  );
});

describe("a provider that wants money, or another key", () => {
  const switching: readonly (Complaint & { readonly why: RegExp })[] = [
    { status: 401, why: /rejects the API key/ },
    { status: 402, why: /no credit left/ },
    { status: 402, limitSource: "openrouter_credits", why: /no credit left/ },
    { status: 402, limitSource: "openrouter_key_limit", why: /no credit left/ },
  ];
  const trials = [
    ...crossed(crossed(switching, [{ kind: "http" as const }]), forms),
    ...crossed(crossed(switching, [{ kind: "error-in-200" as const }]), someForms),
  ];

  it.each(trials)(
    "is not asked again: $status $limitSource as $kind on $path, stream $stream",
    async (trial) => {
      const { why, kind, path, stream, ...complaint } = trial;
      const stage = await setCloud();
      stage.fake.faults = [{ kind, ...complaint }];

      const first = await stage.ask(path, stream);
      const second = await stage.ask(path, stream);

      expect(first.status).toBe(502);
      expect(errorTextOf(path, first.text)).toMatch(why);
      expect(second.status).toBe(503);
      expect(errorTextOf(path, second.text)).toMatch(why);
      expect(stage.chats()).toBe(1);
      expect((await statsOf(stage)).trouble).toMatch(why);
      const errors = stage.daemon.lines.filter(
        ({ level, why: said }) => level === "error" && said !== undefined,
      );
      expect(errors).toHaveLength(1);
      expect(errors[0]?.why).toMatch(why);
      await checkAfter(stage, first, second);
    },
  );

  it.each(someForms)("for this one request alone, stays in use: on $path, stream $stream", async (form) => {
    const stage = await setCloud();
    const message =
      "This request requires more credits. You requested 65536 tokens, but can only afford 4000.";
    stage.fake.faults = [{ kind: "http", status: 402, message }];

    const first = await stage.ask(form.path, form.stream);
    const second = await stage.ask(form.path, form.stream);

    expect([first.status, second.status]).toEqual([502, 200]);
    expect(errorTextOf(form.path, first.text)).toContain("can only afford 4000");
    expect((await statsOf(stage)).trouble).toBeUndefined();
  });

  it.each(forms)("is asked again after openrouter.off, on $path, stream $stream", async (form) => {
    const stage = await setCloud("openrouter: { off: 300ms }");
    stage.fake.faults = [{ kind: "http", status: 402 }];

    const first = await stage.ask(form.path, form.stream);
    expect(first.status).toBe(502);
    await eventually(async () => (await statsOf(stage)).trouble === undefined, "it is switched on again");

    await checkNextIsGood(stage, form);
    expect(stage.chats()).toBe(2);
  });

  it("leaves its models in the list, and the daemon ready but degraded", async () => {
    const stage = await setCloud();
    stage.fake.faults = [{ kind: "http", status: 402 }];
    await stage.ask("/api/chat", true);

    const ready = await ask(`${stage.daemon.url}/readyz`);
    const tags = await ask(`${stage.daemon.url}/api/tags`);

    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toMatchObject({ status: "degraded", down: ["openrouter"] });
    expect(tags.text).toContain(model);
  });
});

describe("a provider that says when to come back", () => {
  const waits: readonly (Complaint & { readonly what: string })[] = [
    { what: "a budget in flight", status: 402, limitSource: "openrouter_in_flight_budget", retryAfterS: 1 },
    { what: "seconds", status: 429, retryAfterS: 1 },
    { what: "nothing", status: 429 },
    { what: "an overloaded provider", status: 503, retryAfterS: 1 },
  ];

  it.each(crossed(waits, someForms))(
    "is waited for where nobody else could answer: $what on $path, stream $stream",
    async ({ what: _what, path, stream, ...complaint }) => {
      const stage = await setCloud("retry: { wait: 5s }");
      stage.fake.faults = [{ kind: "http", ...complaint }];
      const beganMs = performance.now();

      const answer = await stage.ask(path, stream);

      checkGood({ path, stream }, answer);
      expect(performance.now() - beganMs).toBeGreaterThan(900);
      expect(answer.headers["x-chasqui-hops"]).toBe("openrouter=upstream_busy");
      expect(stage.chats()).toBe(2);
    },
  );

  it("as a date is waited for", async () => {
    const stage = await setCloud("retry: { wait: 5s }");
    const date = new Date(Date.now() + 2_000).toUTCString();
    stage.fake.faults = [{ kind: "http", status: 429, headers: { "retry-after": date } }];

    checkGood({ path: "/api/chat", stream: true }, await stage.ask("/api/chat", true));

    expect(stage.chats()).toBe(2);
  });

  it("later than retry.wait is not waited for", async () => {
    const stage = await setCloud("retry: { wait: 2s }");
    stage.fake.faults = [{ kind: "http", status: 429, retryAfterS: 3 }];

    const answer = await stage.ask("/api/chat", true);

    expect(answer.status).toBe(429);
    expect(answer.headers["retry-after"]).toBe("3");
    expect(stage.chats()).toBe(1);
  });

  it("is waited for as often as there are attempts, and then no more", async () => {
    const stage = await setCloud("retry: { wait: 5s, attempts: 2 }");
    stage.fake.faults = () => ({ kind: "http", status: 429, retryAfterS: 1 });

    const answer = await stage.ask("/api/chat", true);

    expect(answer.status).toBe(429);
    expect(stage.chats()).toBe(2);
  });
});

describe("a provider that lets one wait", () => {
  const timeouts = "timeouts: { first_byte: 300ms, idle: 300ms }\nretry: { wait: 0s }";

  it.each(crossed([{ kind: "comments-for-ever" }, { kind: "hang" }] as const, someForms))(
    "is given up in time: $kind on $path, stream $stream",
    async ({ kind, path, stream }) => {
      const stage = await setCloud(timeouts);
      stage.fake.faults = [{ kind }];

      const answer = await stage.ask(path, stream);

      expect(answer.status).toBe(504);
      expect(errorTextOf(path, answer.text)).toMatch(/openrouter/);
      await eventually(
        () => [...stage.fake.bill.values()].every((one) => one.ended !== undefined),
        "it was left",
      );
      await checkNextIsGood(stage, { path, stream });
      await checkAfter(stage, answer);
    },
  );

  it.each(forms)("that only comments for a while, is listened to: $path, stream $stream", async (form) => {
    const stage = await setCloud(timeouts);
    stage.fake.faults = [{ kind: "comments", count: 30 }];

    const answer = await stage.ask(form.path, form.stream);

    checkGood(form, answer);
    expect(answer.text).not.toContain("OPENROUTER PROCESSING");
  });

  it.each(forms)("in the middle is given up too: $path, stream $stream", async ({ path, stream }) => {
    const stage = await setCloud(timeouts);
    stage.fake.faults = [{ kind: "hold", afterDeltas: 1 }];

    const answer = await stage.ask(path, stream);

    if (!stream) expect(answer.status).toBe(504);
    else checkBroken(path, answer, /openrouter/);
    await checkNextIsGood(stage, { path, stream });
    await checkAfter(stage, answer);
  });
});

/** A stream that says that it went wrong, in the words of its dialect, and does not claim to be whole. */
function checkBroken(path: string, answer: Answer, says: RegExp): void {
  expect(answer.status).toBe(200);
  expect(claimsEnd(path, answer.text)).toBe(false);
  expect(errorTextOf(path, framesOf(path, answer.text).at(-1) ?? "")).toMatch(says);
  expect(answer.text).not.toMatch(/"finish_reason":"(?:stop|error)"|"stop_reason":"end_turn"/);
}

describe("an answer that goes wrong after its first word", () => {
  interface Midway {
    readonly fault: Fault;
    /** In a stream, after the first word. */
    readonly says: RegExp;
    /** Of a whole answer. */
    readonly status: number;
  }
  const midway: readonly Midway[] = [
    {
      fault: { kind: "error-midway", status: 502, afterDeltas: 1 },
      says: /Provider returned error/,
      status: 502,
    },
    { fault: { kind: "error-midway", status: 429, afterDeltas: 1 }, says: /too many requests/, status: 429 },
    {
      fault: { kind: "error-midway", status: 500, code: "server_error", afterDeltas: 1 },
      says: /Internal Server Error/,
      status: 502,
    },
    {
      fault: { kind: "error-midway", status: 503, shape: "flat", afterDeltas: 1 },
      says: /busy/,
      status: 503,
    },
    {
      fault: { kind: "error-midway", status: 401, afterDeltas: 1 },
      says: /rejects the API key/,
      status: 502,
    },
    { fault: { kind: "cut", afterDeltas: 1 }, says: /upstream openrouter/, status: 502 },
    { fault: { kind: "reset", afterDeltas: 1 }, says: /upstream openrouter/, status: 502 },
    { fault: { kind: "end-early", afterDeltas: 1 }, says: /broke off its answer/, status: 502 },
    { fault: { kind: "garbage", afterDeltas: 1 }, says: /malformed/, status: 502 },
    { fault: { kind: "end-early", afterDeltas: 99 }, says: /broke off its answer/, status: 502 },
    { fault: { kind: "cut", afterDeltas: 99 }, says: /upstream openrouter/, status: 502 },
  ];

  it.each(crossed(midway, forms))(
    "says so and has no end: $fault.kind $fault.status on $path, stream $stream",
    async ({ fault, says, status, path, stream }) => {
      const stage = await setCloud(
        "cache: { enabled: true }\nopenrouter: { off: 200ms }\nretry: { wait: 0s }",
      );
      stage.fake.faults = [fault];

      const answer = await stage.ask(path, stream);

      // A first word that came in one piece with the error was not sent yet.
      if (stream && answer.status === 200) checkBroken(path, answer, says);
      else {
        expect(answer.status).toBe(status);
        expect(errorTextOf(path, answer.text)).toMatch(says);
      }
      // What is on its way to the client never moves.
      expect(stage.chats()).toBe(1);
      await eventually(async () => (await statsOf(stage)).trouble === undefined, "it may be asked again");
      // Nothing false was kept: the same is asked anew, and answered.
      const next = await stage.ask(path, stream);
      checkGood({ path, stream }, next);
      expect(next.headers["x-chasqui-cache"]).not.toBe("hit");
      expect(stage.chats()).toBe(2);
      await checkAfter(stage, answer, next);
    },
  );

  const atHead: readonly Fault[] = [
    { kind: "cut-before-headers" },
    { kind: "reset-before-headers" },
    { kind: "html", status: 502 },
    { kind: "html", status: 524 },
    { kind: "html", status: 200 },
    { kind: "error-midway", status: 502, afterDeltas: 0 },
    { kind: "cut", afterDeltas: 0 },
    { kind: "reset", afterDeltas: 0 },
    { kind: "end-early", afterDeltas: 0 },
    { kind: "garbage", afterDeltas: 0 },
    { kind: "blank" },
  ];

  it.each(
    crossed(
      atHead.map((fault) => ({ fault })),
      forms,
    ),
  )(
    "is a status where it does so before: $fault.kind on $path, stream $stream",
    async ({ fault, path, stream }) => {
      const stage = await setCloud();
      // An idle connection that dies is tried once more.
      stage.fake.faults = fault.kind.endsWith("before-headers") ? [fault, fault] : [fault];

      const answer = await stage.ask(path, stream);

      expect([502, 504]).toContain(answer.status);
      expect(errorTextOf(path, answer.text)).toMatch(/\w/);
      expect(answer.text).not.toMatch(/<html|DOCTYPE|127\.0\.0\.1/i);
      stage.fake.faults = [];
      await checkNextIsGood(stage, { path, stream });
      await checkAfter(stage, answer);
    },
  );

  it.each(crossed([{ kind: "no-done" }, { kind: "no-usage" }, { kind: "usage-in-finish" }] as const, forms))(
    "does not go wrong for what many leave out: $kind on $path, stream $stream",
    async ({ kind, ...form }) => {
      const stage = await setCloud();
      stage.fake.faults = [{ kind }];

      checkGood(form, await stage.ask(form.path, form.stream));
    },
  );
});

describe("the key", () => {
  it("goes to OpenRouter alone, and what the client shows of its own goes nowhere", async () => {
    const stage = await setCloud();
    const headers = { authorization: "Bearer client-secret", "x-api-key": "client-secret", cookie: "a=b" };

    const answers = [];
    for (const { path, stream } of forms) answers.push(await stage.ask(path, stream, { headers }));

    expect(answers.map(({ status }) => status)).toEqual(forms.map(() => 200));
    for (const { headers: sent, text } of stage.fake.seen) {
      expect(sent.authorization).toBe(`Bearer ${key}`);
      expect(JSON.stringify(sent) + text).not.toContain("client-secret");
      expect(sent).not.toHaveProperty("cookie");
    }
    await checkAfter(stage, ...answers);
  });
});
