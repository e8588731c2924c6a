import { ProxyError } from "../core/error.ts";
import { shortName } from "../core/model-name.ts";
import { isSessionName, sessionNameExpected } from "../core/session-name.ts";
import type { Complexity } from "./analyze.ts";
import { tiers } from "./tiers.ts";

/** Which kind of `auto` was asked for. `local` keeps the call in the house, `fast` wants the quickest answer. */
export type Mode = "auto" | "local" | "cloud" | "fast";

/** What a client says of how its request is to be routed. */
export interface Control {
  readonly mode: Mode;
  /** The tier that it insists on. */
  readonly tier?: Complexity | undefined;
  readonly isSearchBarred: boolean;
  /** Whether the sources of a searched answer are not to stand at its end. */
  readonly isSourcesBarred?: boolean | undefined;
  /** What the call may cost at most, in nano-dollars. */
  readonly costNanoUsdMax?: number | undefined;
  /** Its own name for the conversation. */
  readonly session?: string | undefined;
}

const modes = new Map<string, Mode>([
  ["auto", "auto"],
  ["auto:local", "local"],
  ["auto:cloud", "cloud"],
  ["auto:fast", "fast"],
]);

/** Which `auto` a model's name asks for; undefined for every other model. Case does not matter, as in Ollama's names. */
export function modeOf(model: string): Mode | undefined {
  return modes.get(shortName(model.trim().toLowerCase()));
}

export interface ControlParts {
  readonly model: string;
  /** Request headers, their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Reads what a client asks of the router: the model's name, and the headers X-Chasqui-Tier, X-Chasqui-No-Search,
 * X-Chasqui-No-Sources, X-Chasqui-Max-Cost and X-Chasqui-Session. A model that is not `auto` counts as `auto`, for daemons that route every
 * name. Throws ProxyError "invalid_request", with the header's name, for what it cannot read: a limit that is
 * misspelt must not be no limit.
 */
export function readControl({ model, headers }: ControlParts): Control {
  const read = <T>(name: string, { of, expected }: Reading<T>): T | undefined => {
    const header = headers[name.toLowerCase()];
    if (header === undefined) return undefined;
    const value = typeof header === "string" ? of(header.trim()) : undefined;
    if (value !== undefined) return value;
    throw new ProxyError("invalid_request", `${name}: expected ${expected}`);
  };
  return {
    mode: modeOf(model) ?? "auto",
    tier: read("X-Chasqui-Tier", tierReading),
    isSearchBarred: read("X-Chasqui-No-Search", switchReading) ?? false,
    isSourcesBarred: read("X-Chasqui-No-Sources", switchReading),
    costNanoUsdMax: read("X-Chasqui-Max-Cost", dollarReading),
    session: read("X-Chasqui-Session", sessionReading),
  };
}

interface Reading<T> {
  readonly of: (text: string) => T | undefined;
  readonly expected: string;
}

const tierReading: Reading<Complexity> = {
  of: (text) => tiers.find((tier) => tier === text.toLowerCase()),
  expected: "low, medium or high",
};

const switchReading: Reading<boolean> = {
  of: (text) =>
    /^(?:1|true|yes|on)$/i.test(text) ? true : /^(?:0|false|no|off)$/i.test(text) ? false : undefined,
  expected: "true or false",
};

const dollarReading: Reading<number> = {
  of: nanoUsdOf,
  expected: "US dollars, e.g. 0.05, with at most 9 digits behind the point",
};

const sessionReading: Reading<string> = {
  of: (text) => (isSessionName(text) ? text : undefined),
  expected: sessionNameExpected,
};

/** Dollars as nano-dollars, exactly; read as digits because 0.29 * 1e9 is not a whole number. */
function nanoUsdOf(text: string): number | undefined {
  const [, whole, fraction = ""] = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  return whole === undefined ? undefined : Number(whole) * 1e9 + Number(fraction.padEnd(9, "0"));
}
