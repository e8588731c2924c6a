const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1_024,
  mib: 1_024 ** 2,
  gib: 1_024 ** 3,
  tib: 1_024 ** 4,
};

/** Reads `10GiB`, `64 MB` or `512` (bytes) as a whole number of bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const name = (match?.[2] ?? "").toLowerCase() || "b";
  const unit = Object.hasOwn(unitBytes, name) ? unitBytes[name] : undefined;
  return match === null || unit === undefined ? undefined : Math.floor(Number(match[1]) * unit);
}

/** Writes bytes the way {@link parseSize} reads them, in the largest binary unit that divides them. */
export function formatSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const size = unitBytes[unit.toLowerCase()] ?? 1;
    if (bytes > 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
