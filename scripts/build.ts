/** Builds `dist/`: one readable module per room of the house, declarations. With `--no-types` the modules alone. */
import { spawnSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { rolldown } from 'rolldown'

// By its path: TypeScript 5.9, which the tests compile consumers with, has a bin of the same name.
const TSC = 'node_modules/typescript/bin/tsc'
// `from './call.ts'` and `import("./call.ts")`
const TS_SPECIFIER = /((?:from |import\()(['"])\.{1,2}\/[^'"]+)\.ts\2/g
/** Where a part of a module comes from, as the bundler notes it. */
const SOURCE_NAME = /^\/\/ src\/\S+\n/gm
/** An import for its effect has no place among declarations. */
const SIDE_EFFECT = /^import '[^']*supported-node[^']*';\n/m
/** What is loaded with the library. The command line stays apart and loads its parts when it needs them. */
const ROOM =
  /\/src\/(core|config|disk|policy|transport|codec|store|layer|engine|client)\/(?!threads\/(?:sync|wire)-worker|supported-node|version|names|h2)/
const LIBRARY =
  /^(?:core|policy|transport|codec|store|layer|engine|client|sinks|disk|version|index|src|supported-node)\.js$/

rmSync('dist', { recursive: true, force: true })
if (!process.argv.includes('--no-types')) declare()

// Bundled by room: a hundred small files took twice as long to import (bench/startup.ts).
const bundle = await rolldown({
  input: {
    index: 'src/index.ts',
    'sinks/index': 'src/sinks/index.ts',
    'testing/index': 'src/testing/index.ts',
    'cli/main': 'src/cli/main.ts',
    // Beside the module that starts it by its name.
    'sync-worker': 'src/client/threads/sync-worker.ts',
    'wire-worker': 'src/client/threads/wire-worker.ts',
  },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  external: [/^node:/, /^[a-z@]/],
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  // No maps: without the sources they name lines of files that are not shipped, and they were a quarter of the tarball.
  sourcemap: false,
  chunkFileNames: '[name].js',
  minifyInternalExports: false,
  // The declarations have the documentation, and the repository the reasons.
  comments: false,
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'rooms', name: id => ROOM.exec(id)?.[1] ?? null }],
  },
})
await bundle.close()
pack()
chmodSync('dist/cli/main.js', 0o755)

/** The command line and the table of options go without white space; the rest of the library stays readable. */
function pack(): void {
  for (const path of globSync('dist/*.js')) {
    const text = readFileSync(path, 'utf8')
    const isRead = LIBRARY.test(basename(path))
    const code = isRead ? text.replaceAll(SOURCE_NAME, '') : transformSync(text, { minifyWhitespace: true }).code
    writeFileSync(path, code)
  }
}

function declare(): void {
  const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)

  // The compiler leaves specifiers in declarations alone; one that says `.ts` names a file that is not shipped.
  for (const path of globSync('dist/**/*.d.ts')) {
    const text = readFileSync(path, 'utf8').replaceAll(TS_SPECIFIER, '$1.js$2')
    writeFileSync(path, text.replace(SIDE_EFFECT, ''))
  }

  // Declarations of the inside that no public one leads to are of no use to anybody.
  const reached = new Set<string>()
  const reach = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(
      /(?:from |import\()['"](\.{1,2}\/[^'"]+)\.js['"]/g,
    )) {
      reach(join(dirname(path), `${specifier}.d.ts`))
    }
  }
  for (const entry of ['index', 'sinks/index', 'testing/index']) reach(join('dist', `${entry}.d.ts`))
  for (const path of globSync('dist/**/*.d.ts')) if (!reached.has(path)) rmSync(path)
}
