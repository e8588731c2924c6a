import { barredBy, endless, endScope, implied, tableParts, voids, type Scope } from "./elements.ts";
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
  /** True inside an element that nobody sees. */
  readonly isHidden: boolean;
  open(name: string, attributes: ReadonlyMap<string, string>, isHidden: boolean): void;
  close(name: string): void;
  closeAll(): void;
}

interface Entry {
  readonly name: string;
  readonly isHidden: boolean;
  /** What its tag is called where it is seen. */
  readonly shown: string | undefined;
  /** Where the next one outside of it with the same name is. */
  readonly outer: number | undefined;
  /** True for a form whose end tag came while others were open in it. */
  isEnded: boolean;
}

/** Names that are safe to write as tags again. */
const plainName = /^[a-z][a-z\d]{0,30}$/;

/** What is open until the page ends, whatever its end tag says. */
const roots = new Set(["html", "body"]);

export function createOpenElements(watcher: Watcher): OpenElements {
  const entries: Entry[] = [];
  const places = createScopes();
  const lingering = createLingering();
  let hidden = 0;

  const isHidden = (): boolean => hidden > 0 || lingering.isHiding;
  const pop = (endTag?: string): void => {
    const entry = entries.pop();
    if (entry === undefined) return;
    places.ended(entry, entries.length);
    lingering.ended(entry, entry.name === endTag);
    if (entry.isHidden) hidden -= 1;
    if (entry.shown !== undefined) watcher.close(entry.shown);
  };
  const push = (
    name: string,
    { shown, isHidden }: { shown: string | undefined; isHidden: boolean },
  ): void => {
    const outer = places.opened(name, entries.length);
    lingering.opened(name);
    if (isHidden) hidden += 1;
    entries.push({ name, isHidden, shown, outer, isEnded: false });
  };
  const popTo = (at: number, endTag: string): void => {
    while (entries.length > at) pop(endTag);
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
      return isHidden();
    },
    open(name, attributes, isItselfHidden) {
      for (const ended = implied.get(name); ended?.has(entries.at(-1)?.name ?? "") === true;) pop();
      watcher.count(entries.length + 1);
      const tag = plainName.test(name) ? name : "span";
      const shown = isItselfHidden || isHidden() ? undefined : tag;
      if (shown !== undefined) watcher.open(shown, attributes);
      if (!voids.has(name)) push(name, { shown, isHidden: isItselfHidden });
    },
    close(name) {
      const at = roots.has(name) ? undefined : places.find(name);
      if (at === undefined) lingering.endTag(name);
      else if (name === "form") closeForm(at);
      else popTo(at, name);
      while (entries.at(-1)?.isEnded === true) pop();
    },
    closeAll() {
      while (entries.length > 0) pop();
    },
  };
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
