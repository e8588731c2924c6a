import type { Config } from "./schema.ts";

type Named = Pick<Config["upstreams"][number], "type"> & Partial<Pick<Config["upstreams"][number], "name">>;

/** The names that were given; for others the type, with a number when there are several. */
export function upstreamNames(wanted: readonly Named[]): string[] {
  const taken = new Set(wanted.map((one) => one.name));
  return wanted.map((one) => {
    if (one.name !== undefined) return one.name;
    let name: string = one.type;
    for (let number = 2; taken.has(name); number++) name = `${one.type}-${number}`;
    taken.add(name);
    return name;
  });
}
