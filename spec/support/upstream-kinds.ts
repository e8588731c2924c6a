import { type SpawnedDaemon, spawnDaemon } from "./daemon.ts";
import { startFakeOpenRouter } from "./fake-openrouter.ts";
import {
  hasLlamaServer,
  llamaContextTokens,
  llamaModels,
  startLlamaServers,
  whyWithoutLlamaServer,
} from "./llama-server.ts";
import { type HeldStream, startTap } from "./tap.ts";

/** What a model is good for. */
type Purpose = "text" | "think" | "tool" | "thinkTool" | "json" | "embed";

/** A kind of upstream that is no Ollama, with what its models say. */
export interface UpstreamKind {
  readonly name: string;
  readonly canRun: boolean;
  readonly whyNot: string;
  readonly models: Readonly<Record<Purpose, string>>;
  /** What the text model answers to `question`. */
  readonly text: string;
  /** What the thinking model thinks. */
  readonly thought: string;
  /** What is thought before the tool is called. */
  readonly toolThought: string;
  /** What is said when a tool's result came; undefined when the model calls the tool again. */
  readonly afterTool: string | undefined;
  /** Tokens that the text model takes. */
  readonly contextTokens: number;
  start(): Promise<RunningKind>;
}

/** A daemon without a cache, with nothing behind it but upstreams of one kind. */
export interface RunningKind {
  readonly daemon: SpawnedDaemon;
  /** The next stream of the text model stands still in its middle. */
  holdNext(): HeldStream;
  /** Whether the thoughts behind the last tool call came back unchanged; true where nobody looks. */
  echoedThoughts(): boolean;
  stop(): Promise<void>;
}

export const question = "say hello";

const uncached = { CHASQUI_CACHE_ENABLED: "false" };

/** Real llama-servers, one a model, told to the daemon as `type=URL`. */
function llamaKind(type: "llama-server" | "openai", base: "" | "/v1"): UpstreamKind {
  return {
    name: type === "llama-server" ? type : `${type} (a llama-server that is not known as one)`,
    canRun: hasLlamaServer,
    whyNot: whyWithoutLlamaServer,
    models: { text: "hello", think: "think", tool: "tool", thinkTool: "ttool", json: "json", embed: "embed" },
    text: "Hello, world! <b>&é",
    thought: "Hmm, let me see.",
    toolThought: "need weather",
    afterTool: undefined,
    contextTokens: llamaContextTokens,
    async start() {
      const servers = await startLlamaServers();
      const tap = await startTap(servers.byModel.hello.port);
      const urls = llamaModels.map((model) => (model === "hello" ? tap : servers.byModel[model]).url);
      const stopServers = async (): Promise<void> => {
        await tap.stop();
        await servers.stop();
      };
      const daemon = await spawnDaemon(
        urls.flatMap((url) => ["--upstream", `${type}=${url}${base}`]),
        uncached,
      ).catch(async (thrown: unknown) => {
        await stopServers();
        throw thrown;
      });
      return {
        daemon,
        holdNext: () => tap.holdNext(),
        echoedThoughts: () => true,
        async stop() {
          await daemon.stop();
          await stopServers();
        },
      };
    },
  };
}

/** What was judged has to be the last request, and not one of before. */
const hasThoughts = (text = ""): boolean => text.includes('"reasoning_details"');

const openrouter: UpstreamKind = {
  name: "openrouter",
  canRun: true,
  whyNot: "",
  models: {
    text: "openai/gpt-4o-mini",
    think: "deepseek/deepseek-r1",
    tool: "openai/gpt-4o-mini",
    thinkTool: "anthropic/claude-sonnet-4.5",
    json: "openai/gpt-4o-mini",
    embed: "qwen/qwen3-embedding-8b",
  },
  text: `You said: ${question}`,
  thought: "Let me think about what was said. ",
  toolThought: "Let me think about what was said. ",
  afterTool: "The tool said: 18 degrees",
  contextTokens: 128_000,
  async start() {
    const fake = await startFakeOpenRouter();
    const daemon = await spawnDaemon(["--upstream", `openrouter=${fake.url}`], {
      ...uncached,
      OPENROUTER_API_KEY: fake.key,
    }).catch(async (thrown: unknown) => {
      await fake.stop();
      throw thrown;
    });
    const cancelled = (): number => [...fake.bill.values()].filter((one) => one.ended === "cancelled").length;
    return {
      daemon,
      holdNext() {
        const before = cancelled();
        fake.faults = [{ kind: "hold", afterDeltas: 2 }];
        return { isLeft: () => cancelled() > before };
      },
      echoedThoughts: () => fake.echoedReasoning === true && hasThoughts(fake.seen.at(-1)?.text),
      async stop() {
        await daemon.stop();
        await fake.stop();
      },
    };
  },
};

export const upstreamKinds: readonly UpstreamKind[] = [
  llamaKind("llama-server", ""),
  llamaKind("openai", "/v1"),
  openrouter,
];
