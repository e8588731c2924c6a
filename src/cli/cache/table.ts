/** Rows under their headings, in columns; numbers to the right. */
export function tableOf(
  headings: readonly string[],
  rows: readonly (readonly (number | string)[])[],
): string {
  const texts = [headings, ...rows.map((row) => row.map((cell) => cellText(cell)))];
  const isNumeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"),
  );
  const widths = headings.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return texts
    .map((row) =>
      row
        .map((text, column) =>
          isNumeric[column] === true ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

const cellText = (cell: number | string): string =>
  typeof cell === "number" ? cell.toLocaleString("en-US") : cell;

const units = ["B", "kB", "MB", "GB", "TB"];

/** Bytes for a reader, with three digits that count. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1_000 ** power).toPrecision(3))} ${units[power]}`;
}

/** How long ago, in one unit. */
export function agoText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
