import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { buildConnector } from "undici";
import type { Clock } from "../../lib/time.ts";
import { sameSpelling } from "./address.ts";
import { PageFault } from "./fault.ts";
import { checkAddress, plainHost, type UrlRules } from "./guard.ts";

/** One address of a name. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** Finds all addresses of a name; rejects when there are none. */
export type Lookup = (name: string) => Promise<readonly Resolved[]>;

export interface ConnectParts {
  readonly rules: UrlRules;
  readonly clock: Clock;
  /** For finding the addresses, and again for connecting, in milliseconds. */
  readonly connectMs: number;
  /** The system's resolver when left out. */
  readonly lookup?: Lookup | undefined;
  /** Certificates to trust in place of Node's own. */
  readonly ca?: string | undefined;
}

const resolveAll: Lookup = (name) => systemLookup(name, { all: true });

/** Some routes are this slow to accept; then the next address is tried. */
const attemptMs = 1_000;

/**
 * Opens connections to addresses that have been checked, and to no others. A name is resolved once, every one of its
 * addresses must be allowed, and the socket is given exactly these, so that a second answer of the name server comes
 * too late (DNS rebinding). A literal never reaches a resolver and is therefore checked here itself.
 */
export function createConnect(parts: ConnectParts): buildConnector.connector {
  return (options, callback) => {
    void checkedAddresses(plainHost(options.hostname), parts).then(
      (addresses) => open(addresses, { options, callback, parts }),
      (thrown: unknown) => callback(thrown instanceof Error ? thrown : new Error(String(thrown)), null),
    );
  };
}

interface Opening {
  readonly options: buildConnector.Options;
  readonly callback: buildConnector.Callback;
  readonly parts: ConnectParts;
}

function open(addresses: readonly Resolved[], { options, callback, parts }: Opening): void {
  const host = plainHost(options.hostname);
  const connect = buildConnector({
    host,
    port: Number(options.port),
    timeout: parts.connectMs,
    allowH2: false,
    maxCachedSessions: 0,
    // Whatever the environment says of certificates.
    rejectUnauthorized: true,
    lookup: always(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    ...(parts.ca === undefined ? {} : { ca: parts.ca }),
  });
  const servername = isIP(host) === 0 ? host : "";
  connect({ ...options, hostname: host, servername }, (...[error, socket]) => {
    if (error !== null) return callback(error, null);
    if (isOneOf(addresses, socket)) return callback(null, socket);
    socket.destroy();
    callback(new PageFault("the connection leads to another address than the one that was checked"), null);
  });
}

/** A resolver that knows one answer. */
function always(addresses: readonly Resolved[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

function isOneOf(addresses: readonly Resolved[], socket: Socket): boolean {
  const reached = sameSpelling(socket.remoteAddress);
  return reached !== undefined && addresses.some(({ address }) => sameSpelling(address) === reached);
}

async function checkedAddresses(host: string, parts: ConnectParts): Promise<readonly Resolved[]> {
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host, parts) : [{ address: host, family }];
  if (addresses.length === 0) throw new PageFault("the host's name has no address");
  const own = ownAddresses();
  for (const { address } of addresses) {
    checkAddress(address, parts.rules);
    if (own.has(sameSpelling(address) ?? "")) throw new PageFault("the address is one of this machine's own");
  }
  return addresses;
}

/** A machine with a public address must not be asked for what it serves to itself. */
function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => sameSpelling(address) ?? address));
}

/** The system's resolver cannot be told to stop; its late answer is dropped. */
function resolve(name: string, parts: ConnectParts): Promise<readonly Resolved[]> {
  const { lookup = resolveAll, clock, connectMs } = parts;
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new PageFault("the host's name was not resolved in time"));
    const timer = clock.after(connectMs, late);
    lookup(name)
      .then(resolve, (cause: unknown) =>
        reject(new PageFault("the host's name cannot be resolved", { cause })),
      )
      .finally(() => timer.cancel());
  });
}
