import type { Clock } from "../../lib/time.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import type { Embedder } from "./embedder.ts";
import { nameOf, type Question } from "./known.ts";

/** Makes questions known behind the back of those who asked them, one at a time. */
export interface Adder {
  readonly add: (question: Question) => void;
  /** A question that is waiting is not wanted any more. */
  readonly drop: (name: string) => void;
  /** Names of the keys that wait. */
  readonly names: () => string[];
  readonly close: () => void;
}

export interface AdderParts {
  readonly embedder: Embedder;
  readonly clock: Clock;
  readonly keep: (question: Question, vector: Float32Array) => void;
}

/** Further ones are not taken. */
const waitingMax = 100;
/** Nobody waits for it; an encoder that is just being loaded gets the time to. */
const embedMs = 5_000;

export function createAdder({ embedder, clock, keep }: AdderParts): Adder {
  const waiting = new Map<string, Question>();
  let running: Deadline | undefined;
  let isClosed = false;

  const work = async (): Promise<void> => {
    for (let [next] = waiting; next !== undefined; [next] = waiting) {
      const [name, question] = next;
      running = createDeadline(clock, embedMs);
      const vector = await embedder.embed(question.text, running, true);
      running.end();
      const isWanted = waiting.get(name) === question;
      if (isWanted) waiting.delete(name);
      if (isWanted && typeof vector !== "string") keep(question, vector);
    }
    running = undefined;
  };

  return {
    add(question) {
      const vector = embedder.recall(question.text);
      if (vector !== undefined) return keep(question, vector);
      if (isClosed || waiting.size >= waitingMax) return;
      waiting.set(nameOf(question.key), question);
      if (running === undefined) void work();
    },
    drop: (name) => void waiting.delete(name),
    names: () => [...waiting.keys()],
    close() {
      isClosed = true;
      waiting.clear();
      running?.end();
    },
  };
}
