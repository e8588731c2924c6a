import { linesOf } from "../lib/framing.ts";

/** The data of each event in some whole SSE frames, the lines of one event joined. */
export function eventData(bytes: Uint8Array): string[] {
  const data: string[] = [];
  let open = false;
  for (const line of linesOf(bytes, "with blank ones")) {
    if (!line.startsWith("data:")) {
      open &&= line !== "";
      continue;
    }
    const text = line.slice(5).trim();
    if (open) data.push(`${data.pop()}\n${text}`);
    else data.push(text);
    open = true;
  }
  return data;
}
