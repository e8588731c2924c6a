/** The system's or undici's code of a failed connection; of several failed addresses, the first one's. Empty for none. */
export function codeOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return "";
  return typeof thrown.code === "string" ? thrown.code : "";
}

/** What a server does that cannot be reached, by code: words that go on from its name. */
export const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection",
  ENOTFOUND: "has a name that cannot be resolved",
  EAI_AGAIN: "has a name that cannot be resolved",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
};

/** Whether a connection was not accepted in time. */
export const isConnectTimeout = (code: string): boolean =>
  code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT";

/** Whether a server's certificate, or its TLS, was not accepted. */
export const isTrustFault = (code: string): boolean => /CERT|SSL|TLS|ALTNAME|SIGNATURE/.test(code);
