import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../src", import.meta.url));

/** A file of `src/`, its path relative to it. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** One file of `src/` naming another, both relative to it. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

export function sourceFiles(): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({
      file: file.replaceAll(path.sep, "/"),
      text: readFileSync(path.join(root, file), "utf8"),
    }));
}

/** The imports of a file that stay inside `src/`, types and dynamic ones included. */
export function importsOf({ file, text }: SourceFile): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  const named = [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g)];
  return named.map(([, target = ""]) => ({
    from: file,
    to: path.posix.join(path.posix.dirname(file), target),
  }));
}

/** What each room may see besides itself; `main` is `main.ts` and what it is put together of. */
const sees: Readonly<Record<string, readonly string[]>> = (() => {
  const beside = ["cache", "router", "search", "stats", "upstream"];
  const seen = (...below: string[]): string[] => ["lib", "core", ...below];
  return {
    lib: [],
    core: ["lib"],
    config: seen(),
    dialect: seen(),
    ...Object.fromEntries(beside.map((room) => [room, seen("dialect")])),
    pipeline: seen("dialect", ...beside),
    http: seen("dialect", ...beside, "pipeline"),
    main: seen("dialect", ...beside, "pipeline", "http", "config"),
    cli: seen("dialect", ...beside, "pipeline", "http", "config", "main"),
  };
})();

const roomOf = (file: string): string => file.split("/")[0]?.replace(/\.ts$/, "") ?? "";

/** The imports that run against the arrow, as `from -> to`. */
export function againstTheArrow(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, to }) => {
      const room = roomOf(from);
      return roomOf(to) !== room && sees[room]?.includes(roomOf(to)) !== true;
    })
    .map(({ from, to }) => `${from} -> ${to}`);
}

/** A ring of imports, as the files on it; empty when there is none. */
export function cycle(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of targets.get(file) ?? []) {
      const ring = visit(next, [...trail, file]);
      if (ring.length > 0) return ring;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const ring = visit(file, []);
    if (ring.length > 0) return ring;
  }
  return [];
}

/** What is wrong with a file's name, size or way of exporting. */
export function badManners({ file, text }: SourceFile): string[] {
  const complaints: string[] = [];
  const name = path.posix.basename(file, ".ts");
  const parts = file.replace(/\.ts$/, "").split("/");
  if (!parts.every((part) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part))) complaints.push("is not kebab-case");
  if (name === "index") complaints.push("is a barrel");
  if (parts.some((part) => /^(?:utils?|helpers?|common|misc|manager)$/.test(part)))
    complaints.push("has a name that says nothing");
  if (/^export default\b|\bas default\b/m.test(text)) complaints.push("has a default export");
  if (text.split("\n").length > 300) complaints.push("has 300 lines or more");
  return complaints.map((complaint) => `${file} ${complaint}`);
}
