/** Builds `dist/`: one module per room, and the declarations. With `--no-types`, only the modules. */
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { rolldown } from 'rolldown'

// By its path, because TypeScript 5.9, which the consumer tests use, has a bin of the same name.
const TSC = 'node_modules/typescript/bin/tsc'
// `from './call.ts'` and `import("./call.ts")`
const TS_SPECIFIER = /((?:from |import\()(['"])\.{1,2}\/[^'"]+)\.ts\2/g
/** An uncaught error shows the whole line that it was thrown in. */
const MAX_LINE = 160
/** An import for its side effect does not belong in declarations. */
const SIDE_EFFECT = /^import '[^']*supported-node[^']*';\n/m
/** Modules that are loaded with the library. The command line is separate and loads its parts on demand. */
const ROOM =
  /\/src\/(core|config|disk|policy|transport|codec|store|layer|engine|client)\/(?!threads\/(?:sync|wire)-worker|supported-node|version|names|h2)/
/** The part of the lazy room paginate that every client needs. */
const EAGER = /\/src\/paginate\/(?:size|request-field|fields)\.ts$/

rmSync('dist', { recursive: true, force: true })
if (!process.argv.includes('--no-types')) declare()

// Bundled by room: a hundred small files took twice as long to import (bench/startup.ts).
const bundle = await rolldown({
  input: {
    index: 'src/index.ts',
    'sinks/index': 'src/sinks/index.ts',
    'report/index': 'src/report/index.ts',
    'otel/index': 'src/otel/index.ts',
    'distributed/index': 'src/distributed/index.ts',
    'testing/index': 'src/testing/index.ts',
    'cli/main': 'src/cli/main.ts',
    // Next to the module that starts it by its name.
    'sync-worker': 'src/client/threads/sync-worker.ts',
    'wire-worker': 'src/client/threads/wire-worker.ts',
    'quarantine-process': 'src/distributed/batch/quarantine-process.ts',
    'preq-quarantine-process': 'src/cli/batch/preq-quarantine-process.ts',
  },
  platform: 'node',
  preserveEntrySignatures: 'allow-extension',
  external: [/^node:/, /^[a-z@]/],
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  // No source maps: without the sources they point into files that are not shipped, and they were a quarter of the
  // tarball.
  sourcemap: false,
  chunkFileNames: '[name].js',
  minifyInternalExports: false,
  // The documentation is in the declarations; the reasons are in the repository.
  comments: false,
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [{ debugName: 'rooms', name: id => (EAGER.test(id) ? 'client' : (ROOM.exec(id)?.[1] ?? null)) }],
  },
})
await bundle.close()
pack()
chmodSync('dist/cli/main.js', 0o755)

/** Removes white space and redundant syntax, but keeps names and breaks lines, so that a stack trace still says where it is. */
function pack(): void {
  for (const path of globSync('dist/**/*.js')) {
    const options = { minifyWhitespace: true, minifySyntax: true, lineLimit: MAX_LINE } as const
    writeFileSync(path, transformSync(readFileSync(path, 'utf8'), options).code)
  }
}

function declare(): void {
  const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)

  // The compiler keeps specifiers in declarations; one that ends in `.ts` names a file that is not shipped.
  for (const path of globSync('dist/**/*.d.ts')) {
    const text = readFileSync(path, 'utf8').replaceAll(TS_SPECIFIER, '$1.js$2')
    writeFileSync(path, text.replace(SIDE_EFFECT, ''))
  }

  // Removes internal declarations that no public one refers to.
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
  for (const entry of ['index', 'sinks/index', 'report/index', 'otel/index', 'distributed/index', 'testing/index'])
    reach(join('dist', `${entry}.d.ts`))
  for (const path of globSync('dist/**/*.d.ts')) if (!reached.has(path)) rmSync(path)
}
