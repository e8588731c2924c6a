import type { Answer } from "./ask.ts";
import { plainAnswer } from "./plain-answers.ts";
import { noBreaker, stages, type Stage, type StageOptions } from "./stage.ts";
import { bodyFor } from "./wires.ts";

/** A `cachedStage` whose stages are taken down after each test: a daemon with its cache, and a model that always says the same. */
export function cachedStages(): (cache?: string, options?: StageOptions) => Promise<Stage> {
  const stage = stages();
  return async (cache = "{}", options = {}) => {
    const made = await stage({ yaml: `${noBreaker}\ncache: ${cache}`, ...options });
    made.one.respond = (seen) => plainAnswer(seen);
    return made;
  };
}

/** What the cache said of an answer. */
export const cacheOf = ({ headers }: Answer): unknown => headers["x-chasqui-cache"];

const sure = { options: { temperature: 0 }, temperature: 0 };

/** A question whose answer may be kept. */
export const question = (path: string, streams: boolean, more: object = {}): object => ({
  ...bodyFor(path, streams),
  ...sure,
  ...more,
});
