import type { OnStep } from "../cache/care/parts.ts";
import type { Reply } from "../core/call.ts";

/** A line of progress, in the words of Ollama's `/api/pull`. */
interface ProgressLine {
  readonly status: string;
  readonly completed?: number;
  readonly total?: number;
}

/**
 * Answers with lines of JSON while the work goes on, and its result as the last one, with the status `success`. A reader
 * who is slow misses steps, not the end. Rejects like the work does when it fails before its first step.
 */
export async function progressReply(work: (onStep: OnStep) => Promise<object>): Promise<Reply> {
  const said = createLatest();
  said.follow(work(said.step));
  const first = await said.next();
  async function* lines(): AsyncGenerator<Uint8Array> {
    let line = first;
    while (!("result" in line)) {
      yield bytesOf(line);
      line = await said.next();
    }
    yield bytesOf({ status: "success", ...line.result });
  }
  return {
    status: 200,
    contentType: "application/x-ndjson",
    headers: { "Cache-Control": "no-store" },
    body: lines(),
  };
}

/** The newest step that was not read yet, or the end. */
function createLatest() {
  let line: ProgressLine | undefined;
  let end: Promise<{ readonly result: object }> | undefined;
  let wake = (): void => undefined;
  return {
    step: ((status, progress) => {
      line =
        progress === undefined ? { status } : { status, completed: progress.done, total: progress.total };
      wake();
    }) satisfies OnStep,
    follow(work: Promise<object>): void {
      const awaken = (): void => {
        end = work.then((result) => ({ result }));
        // Of a reader who has gone nobody asks for the end; who did the work has told its log.
        end.catch(() => undefined);
        wake();
      };
      work.then(awaken, awaken);
    },
    /** Resolves at the next step or at the end; rejects like the work. */
    async next(): Promise<ProgressLine | { readonly result: object }> {
      if (end === undefined && line === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const newest = line;
      line = undefined;
      return end ?? newest ?? this.next();
    },
  };
}

const bytesOf = (value: object): Uint8Array => Buffer.from(`${JSON.stringify(value)}\n`);
