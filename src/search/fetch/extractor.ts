import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "../../lib/time.ts";
import { workerUrl } from "../../lib/worker-url.ts";
import { isExtracted, type Extracted, type ExtractSettings, type Source } from "./extract-messages.ts";
import { readPlainly } from "./plain-page.ts";

/** Reads pages in a thread of its own, one after the other. */
export interface Extractor {
  /** Never rejects, and takes no longer than `extractMs`: what the thread cannot do in time is read plainly. */
  extract(source: Source): Promise<Extracted>;
  /** Starts the thread, which takes a while, before there is something to read. */
  warm(): void;
  /** Stops the thread; what waits is read plainly. */
  close(): void;
}

export interface ExtractorOptions extends ExtractSettings {
  /** How long one page may take, and how long it may wait, in milliseconds. */
  readonly extractMs: number;
}

export interface ExtractorParts {
  readonly clock: Clock;
  /** Where the thread's program is; beside this file when left out. */
  readonly program?: URL | undefined;
}

/** What a hostile page can take of the machine before its thread ends. */
const resourceLimits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

const jobsMax = 32;

/** What is read plainly is read in the thread that relays: so much takes a few milliseconds. */
const plainBytesMax = 256 * 1_024;

interface Job {
  readonly source: Source;
  /** True once somebody has been answered. */
  isOver: boolean;
  settle(extracted: Extracted | undefined): void;
}

/** Starts the thread when it is first used, and anew after it had to be stopped. */
export function createExtractor(options: ExtractorOptions, { clock, program }: ExtractorParts): Extractor {
  const { extractMs } = options;
  const jobs: Job[] = [];
  let thread: Thread | undefined;
  let running: Job | undefined;
  let limit: Timer | undefined;
  let isClosed = false;

  const finish = (extracted: Extracted | undefined): void => {
    limit?.cancel();
    running?.settle(extracted);
    running = undefined;
    next();
  };
  const stop = (): void => {
    thread?.stop();
    thread = undefined;
    finish(undefined);
  };
  const start = (): Thread => startThread({ options, program, onFound: finish, onEnd: stop });
  const next = (): void => {
    if (running !== undefined || isClosed) return;
    do running = jobs.shift();
    while (running?.isOver === true);
    if (running === undefined) return;
    thread ??= start();
    limit = clock.after(extractMs, stop);
    thread.give(running.source);
  };
  const ask = (source: Source): Promise<Extracted | undefined> =>
    new Promise((resolve) => {
      const timer = clock.after(extractMs, () => job.settle(undefined));
      const job: Job = {
        source,
        isOver: false,
        settle(extracted) {
          job.isOver = true;
          timer.cancel();
          resolve(extracted);
        },
      };
      jobs.push(job);
      next();
    });

  return {
    async extract(source) {
      const found = isClosed || jobs.length >= jobsMax ? undefined : await ask(source);
      return found ?? plainly(source, options);
    },
    warm() {
      if (!isClosed) thread ??= start();
    },
    close() {
      isClosed = true;
      for (const job of jobs.splice(0)) job.settle(undefined);
      stop();
    },
  };
}

function plainly(source: Source, settings: ExtractSettings): Extracted {
  const { html: _html, ...page } = readPlainly(
    { ...source, bytes: source.bytes.subarray(0, plainBytesMax) },
    settings,
  );
  return page;
}

interface Thread {
  give(source: Source): void;
  stop(): void;
}

interface ThreadParts {
  readonly options: ExtractorOptions;
  readonly program: URL | undefined;
  readonly onFound: (extracted: Extracted) => void;
  /** It ended by itself: it ran out of memory, or its program is not there. */
  readonly onEnd: () => void;
}

/** A thread without the environment and its secrets. It never keeps the process alive. */
function startThread({ options, program, onFound, onEnd }: ThreadParts): Thread {
  const worker = new Worker(program ?? workerUrl("extract-worker", import.meta.url), {
    workerData: { lettersMax: options.lettersMax },
    execArgv: [],
    env: {},
    resourceLimits,
  });
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    onEnd();
  };
  worker.unref();
  worker.on("message", (message: unknown) => {
    if (!isOver && isExtracted(message)) onFound(message);
  });
  worker.on("error", end);
  worker.on("exit", end);
  return {
    give: (source) => worker.postMessage(source, []),
    stop() {
      isOver = true;
      void worker.terminate();
    },
  };
}
