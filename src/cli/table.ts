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
