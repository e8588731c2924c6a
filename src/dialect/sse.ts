import { linesOf } from "../lib/framing.ts";

const byteOrderMark = "\uFEFF";

/** The data of each event in some whole SSE frames, the lines of one event joined. */
export function eventData(bytes: Uint8Array): string[] {
  const data: string[] = [];
  let open = false;
  for (const written of linesOf(bytes, "with blank ones")) {
    const line = written.startsWith(byteOrderMark) ? written.slice(1) : written;
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
