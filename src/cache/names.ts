import { shortName } from "../core/model-name.ts";

/** A model by its key, and by the parts of it that people write. */
export function namesOf(model: string): string[] {
  const short = model.slice(model.lastIndexOf("/") + 1);
  return [model, short, shortName(short)];
}
