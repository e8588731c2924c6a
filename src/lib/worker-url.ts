/**
 * Where the file of a worker thread is. Node runs JavaScript only: of a source file that a test runner has loaded, the
 * built file beside it in `dist/` is taken, so that a test of a worker needs `npm run build` first.
 *
 * @param name the file's name without its ending, in the folder of the module that asks
 * @param base that module's `import.meta.url`
 */
export function workerUrl(name: string, base: string): URL {
  const isSource = base.endsWith(".ts");
  const folder = isSource ? base.replace(/\/src\/(?!.*\/src\/)/, "/dist/") : base;
  return new URL(`./${name}.js`, folder);
}
