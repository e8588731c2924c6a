import type { Loaded } from "../config/load.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Registry } from "../upstream/registry.ts";
import { type Accounting, openAccounting } from "./accounting.ts";
import { type Asking, type Caching, openCaching } from "./caching.ts";
import { openRouting, type Routing } from "./routing.ts";
import { openSearching, type Searching } from "./searching.ts";

/** What remembers: it stays the same whatever configuration is at work. */
export interface Rooms {
  readonly caching: Caching;
  readonly accounting: Accounting;
  readonly searching: Searching;
  readonly routing: Routing;
}

export interface RoomsParts {
  readonly loaded: Loaded;
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** What asks now, by which configuration. */
type Now = Asking & { readonly loaded: Loaded; readonly registry: Registry };

export function openRooms({ loaded, clock, log }: RoomsParts, now: () => Now): Rooms {
  return {
    caching: openCaching(loaded, { clock, log, now }),
    accounting: openAccounting(loaded, { clock, log, now }),
    searching: openSearching(loaded, { clock, log }),
    routing: openRouting(loaded, clock),
  };
}

/** Writes what is still held and lets go of files and connections. Never rejects. */
export async function closeRooms({ caching, accounting, searching }: Rooms): Promise<void> {
  searching.close();
  await Promise.all([caching.close(), accounting.close()]);
}
