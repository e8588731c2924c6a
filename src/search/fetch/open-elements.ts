import { barredBy, endless, endScope, implied, tableParts, voids, type Scope } from "./elements.ts";
import type { Letters, Sight } from "./hidden/sight.ts";
import { createLingering } from "./lingering.ts";

/** Told what is seen of a page's elements; every tag that opens is closed again. */
export interface Watcher {
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  close(name: string): void;
  /** Called for every element, hidden or not, with how deep it is. */
  count(depth: number): void;
}

/** Which elements are open, as a browser nests them: what is hidden ends where it ends there, and not before. */
export interface OpenElements {
  /** True where text is not seen. */
  readonly isHidden: boolean;
  /** What the outermost element that keeps it from being seen is hidden by, where that can be doubted. */
  readonly cause: string | undefined;
  open(name: string, attributes: ReadonlyMap<string, string>, sight: Sight): void;
  close(name: string): void;
  closeAll(): void;
}

/** How text is seen inside of an element. */
interface View {
  readonly isDark: boolean;
  /** Why letters are not seen, until an element says otherwise. */
  readonly dims: ReadonlySet<Letters>;
  readonly cause: string | undefined;
}

const daylight: View = { isDark: false, dims: new Set(), cause: undefined };

interface Entry {
  readonly name: string;
  /** True for one that hides something itself. */
  readonly isHidden: boolean;
  readonly view: View;
  /** What its tag is called where it is seen. */
  readonly shown: string | undefined;
  /** Where the next one outside of it with the same name is. */
  readonly outer: number | undefined;
  /** True for a form whose end tag came while others were open in it. */
  isEnded: boolean;
}

/** Names that are safe to write as tags again. */
const plainName = /^[a-z][a-z\d]{0,30}$/;

/** What parsers would take out of the page's text, though it is seen. */
const rewritten: ReadonlyMap<string, string> = new Map([["template", "div"]]);

const tagFor = (name: string): string => (plainName.test(name) ? (rewritten.get(name) ?? name) : "span");

/** What is open until the page ends, whatever its end tag says. */
const roots = new Set(["html", "body"]);

export function createOpenElements(watcher: Watcher): OpenElements {
  const entries: Entry[] = [];
  const places = createScopes();
  const lingering = createLingering();

  const view = (): View => entries.at(-1)?.view ?? daylight;
  const pop = (endTag?: string): void => {
    const entry = entries.pop();
    if (entry === undefined) return;
    places.ended(entry, entries.length);
    lingering.ended(entry, entry.name === endTag);
    if (entry.shown !== undefined) watcher.close(entry.shown);
  };
  const push = (name: string, entry: Pick<Entry, "shown" | "isHidden" | "view">): void => {
    const outer = places.opened(name, entries.length);
    lingering.opened(name);
    entries.push({ name, ...entry, outer, isEnded: false });
  };
  const popTo = (at: number, endTag?: string): void => {
    while (entries.length > at) pop(endTag);
  };
  const endImplied = (name: string): void => {
    for (const at of furtherEnded(name, places)) popTo(at);
    for (const ended = implied.get(name); ended?.has(entries.at(-1)?.name ?? "") === true;) pop();
  };
  /** A form ends at its end tag, but what is open in it goes on, and is in it still. */
  const closeForm = (at: number): void => {
    while (endless.has(entries.at(-1)?.name ?? "")) pop();
    const form = entries[at];
    if (form === undefined || form === entries.at(-1)) popTo(at, "form");
    else {
      form.isEnded = true;
      places.forget(form);
    }
  };
  return {
    get isHidden() {
      return lingering.isHiding || isBlind(view());
    },
    get cause() {
      return view().cause;
    },
    open(name, attributes, sight) {
      endImplied(name);
      watcher.count(entries.length + 1);
      const inside = viewInside(view(), sight);
      const shown = inside.isDark || lingering.isHiding ? undefined : tagFor(name);
      if (shown !== undefined) watcher.open(shown, attributes);
      if (!voids.has(name)) push(name, { shown, isHidden: isHiding(sight), view: inside });
    },
    close(name) {
      const at = roots.has(name) ? undefined : places.find(name);
      if (at === undefined) lingering.endTag(name);
      else if (name === "form") closeForm(at);
      else popTo(at, name);
      while (entries.at(-1)?.isEnded === true) pop();
    },
    closeAll: () => popTo(0),
  };
}

/** What a new element ends lies further out where what is between has no end tag: `<td><p>a<td>b`. */
function* furtherEnded(name: string, places: Scopes): Generator<number, void, undefined> {
  const isInTable = tableParts.has(name) && places.find("table") !== undefined;
  for (const ended of implied.get(name) ?? []) {
    const at = isInTable || ended === "p" ? places.find(ended) : undefined;
    if (at !== undefined) yield at;
  }
}

const isHiding = ({ isHidden, dims }: Sight): boolean => isHidden || dims.length > 0;

const isBlind = ({ isDark, dims }: Pick<View, "isDark" | "dims">): boolean => isDark || dims.size > 0;

function viewInside(around: View, { isHidden, dims, clears, cause }: Sight): View {
  if (around.isDark || (!isHidden && dims.length === 0 && clears.length === 0)) return around;
  const dimmed = new Set([...around.dims].filter((letters) => !clears.includes(letters)));
  for (const letters of dims) dimmed.add(letters);
  const view = { isDark: isHidden, dims: dimmed };
  if (!isBlind(view)) return daylight;
  return { ...view, cause: isBlind(around) ? around.cause : cause };
}

/** Finds the element that an end tag ends, without a walk through those that are open. */
interface Scopes {
  /** Returns where the next one outside with the same name is. */
  opened(name: string, at: number): number | undefined;
  ended(entry: Entry, at: number): void;
  /** The entry is open still, but no end tag ends it. */
  forget(entry: Entry): void;
  /** Undefined where there is none, or where something that ends the look is between. */
  find(name: string): number | undefined;
}

function createScopes(): Scopes {
  const innermost = new Map<string, number>();
  const barriers: Readonly<Record<Scope, number[]>> = {
    most: [],
    paragraph: [],
    item: [],
    table: [],
    other: [],
  };

  const forget = ({ name, outer }: Entry): void => {
    if (outer === undefined) innermost.delete(name);
    else innermost.set(name, outer);
  };
  return {
    opened(name, at) {
      const outer = innermost.get(name);
      innermost.set(name, at);
      const isLoose = tableParts.has(name) && !innermost.has("table");
      if (!isLoose) for (const scope of barredBy(name)) barriers[scope].push(at);
      return outer;
    },
    ended(entry, at) {
      if (!entry.isEnded) forget(entry);
      for (const scope of barredBy(entry.name)) if (barriers[scope].at(-1) === at) barriers[scope].pop();
    },
    forget,
    find(name) {
      const at = innermost.get(name);
      const scope = endScope(name);
      const barrier = scope === undefined ? undefined : barriers[scope].at(-1);
      return at === undefined || (barrier !== undefined && barrier > at) ? undefined : at;
    },
  };
}
