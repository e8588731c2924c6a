/** Every call earns a share of a retry, every retry spends one. */
export interface RetryBudget {
  readonly earn: () => void;
  readonly spend: () => boolean;
}

/** Retries that may be spent at once after a quiet time. */
const retryBurst = 10;

export function createRetryBudget(share: number): RetryBudget {
  const most = share > 0 ? retryBurst : 0;
  let tokens = most;
  return {
    earn() {
      tokens = Math.min(most, tokens + share);
    },
    spend() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
