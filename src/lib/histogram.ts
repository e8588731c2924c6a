/** Buckets per doubling: a quantile is at most 1/8 above the true value. */
const perOctave = 8;
const octaves = 36;

/** Counts durations in a fixed number of log-linear buckets: constant memory whatever is recorded. */
export interface Histogram {
  /** Adds one duration in milliseconds; anything below 1 us counts as 1 us. */
  record(ms: number): void;
  /** The duration in milliseconds that a share `q` (0 to 1) of all recorded ones does not exceed; 0 when empty. */
  quantile(q: number): number;
  readonly count: number;
}

export function createHistogram(): Histogram {
  const buckets = new Float64Array(octaves * perOctave);
  let count = 0;
  return {
    record(ms) {
      const index = bucketOf(ms * 1_000);
      buckets[index] = (buckets[index] ?? 0) + 1;
      count += 1;
    },
    quantile(q) {
      if (count === 0) return 0;
      let left = Math.max(1, Math.ceil(q * count));
      for (const [index, inside] of buckets.entries()) {
        left -= inside;
        if (left <= 0) return upperBoundUs(index) / 1_000;
      }
      return upperBoundUs(buckets.length - 1) / 1_000;
    },
    get count() {
      return count;
    },
  };
}

function bucketOf(us: number): number {
  if (!(us > 1)) return 0;
  const octave = Math.min(octaves - 1, Math.floor(Math.log2(us)));
  const within = Math.min(perOctave - 1, Math.floor((us / 2 ** octave - 1) * perOctave));
  return octave * perOctave + within;
}

function upperBoundUs(index: number): number {
  const octave = Math.floor(index / perOctave);
  return 2 ** octave * (1 + ((index % perOctave) + 1) / perOctave);
}
