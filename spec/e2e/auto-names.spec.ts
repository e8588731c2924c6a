import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { ask } from "../support/ask.ts";
import { chat, easy, type House, leave, setUp } from "../support/auto-house.ts";
import { load } from "../support/configuration.ts";
import { type RunningDaemon, startDaemon } from "../support/daemon.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";

afterEach(leave);

const problemsAt = ({ lines }: RunningDaemon): unknown[] =>
  lines.filter(({ message }) => message === "configuration").map(({ problem }) => problem);

const warned = ({ daemon }: House): unknown[] => problemsAt(daemon);

describe("a model named for auto that nobody has", () => {
  it("is warned of once, with what may be meant", async () => {
    const house = await setUp({
      yaml: "routing: { local: [tinny, tiny], cloud: [openai/gpt-4o-mimi], fast: quick }",
    });

    for (let nth = 0; nth < 3; nth += 1) await house.ask("/api/chat", chat(easy));

    expect(warned(house)).toEqual([
      "routing.local names tinny, which no upstream has; did you mean tiny?",
      "routing.cloud names openai/gpt-4o-mimi, which no upstream has; did you mean openai/gpt-4o-mini?",
      "routing.fast names quick, which no upstream has",
    ]);
  });

  it("is told from one that is elsewhere", async () => {
    const house = await setUp({
      yaml: "routing: { local: [openai/gpt-4o-mini], cloud: [tiny], fast: openai/gpt-4o-mini }",
    });

    expect(warned(house)).toEqual([
      "routing.local names openai/gpt-4o-mini, which is in the cloud",
      "routing.cloud names tiny, which is in the house",
    ]);
  });

  it("is nothing to warn of where all names are known, or nothing is routed", async () => {
    const known = await setUp({ yaml: "routing: { local: [tiny], fast: 'tiny:latest' }" });
    const off = await setUp({ yaml: "routing: { enabled: false, local: [nosuch] }" });

    expect([...warned(known), ...warned(off)]).toEqual([]);
  });

  it("is warned of when the servers that may have it were seen, and again after a reload", async () => {
    const ollama = await startFakeUpstream(["tiny:latest"]);
    await ollama.refuse();
    const yaml = `demo: off\nupstreams: [{ name: mine, url: "${ollama.url}" }]\nrouting: { local: [nosuch] }`;
    const daemon = await startDaemon(yaml);
    onTestFinished(async () => {
      await daemon.stop();
      await ollama.stop();
    });
    const wanted = "routing.local names nosuch, which no upstream has";

    await ask(`${daemon.url}/api/chat`, chat(easy));
    expect(problemsAt(daemon)).toEqual([]);

    await ollama.accept();
    await daemon.daemon.registry.freshen(0, 1_000);
    await daemon.daemon.registry.freshen(0, 1_000);
    await ask(`${daemon.url}/api/chat`, chat(easy));
    expect(problemsAt(daemon)).toEqual([wanted]);

    await daemon.daemon.reload(load({ yaml }));
    expect(problemsAt(daemon)).toEqual([wanted, wanted]);
  });
});
