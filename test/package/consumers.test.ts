/** The package as users get it: packed, unpacked into an empty project, compiled and run against a local server. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
/**
 * The files that run: `dist`, the manual page and the manifest. Much of it is loaded only by those who use it: a fifth
 * are the reports, a tenth pages, jobs and chains, an eighth batches of many machines.
 */
const MAX_CODE_BYTES = 570_000
/** All files, including the guides, the reference, the examples and the decisions, which take a third. */
const MAX_TARBALL_BYTES = 850_000
const COMPILERS = { '7': 'typescript', '5.9': 'typescript-5.9' }
/** What a project may have around the package: the globals of a browser without Node's, or Node's. */
const SURROUNDINGS = {
  'without @types/node': { types: [] as string[], lib: ['es2022', 'dom'] },
  'with @types/node': { types: ['node'], lib: ['es2022'] },
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}

let home: string
let packed: { filename: string; size: number; files: readonly { path: string }[] }
let server: Server
let base: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  // The scripts are skipped, because `npm test` has just built `dist`.
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home])
  // npm 12 prints an object by package, older versions an array.
  packed = Object.values(JSON.parse(stdout) as Record<string, typeof packed>)[0] as typeof packed
  await run('tar', ['-xzf', packed.filename], { cwd: home })
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ path: request.url, stars: 7 }))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterAll(async () => {
  await new Promise(done => server.close(done))
  rmSync(home, { recursive: true, force: true })
})

/** An empty project with the unpacked package. Its dependencies are linked, so that no registry is needed. */
function project(name: string, links: readonly string[] = []): string {
  const folder = join(home, name)
  const modules = join(folder, 'node_modules')
  mkdirSync(modules, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "type": "module", "private": true }')
  cpSync(join(home, 'package'), join(modules, 'parallel-requests'), { recursive: true })
  for (const dependency of [...Object.keys(manifest().dependencies), ...links]) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true })
    symlinkSync(resolve('node_modules', dependency), join(modules, dependency), 'dir')
  }
  return folder
}

const manifest = (): Manifest => JSON.parse(readFileSync(join(home, 'package', 'package.json'), 'utf8')) as Manifest

async function node(folder: string, file: string): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('the tarball', () => {
  it('is at most 850,000 bytes', () => {
    expect(statSync(join(home, packed.filename)).size).toBeLessThanOrEqual(MAX_TARBALL_BYTES)
  })

  it('is at most 570,000 bytes without the documentation', async () => {
    await run('tar', ['-czf', 'code.tgz', 'package/dist', 'package/man', 'package/package.json'], { cwd: home })
    expect(statSync(join(home, 'code.tgz')).size).toBeLessThanOrEqual(MAX_CODE_BYTES)
  })

  it('contains the licence, manual, changelog, guides and every bin, and no tests, benches or scripts', () => {
    const paths = packed.files.map(file => file.path)
    expect(paths).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/index.js']))
    expect(paths).toEqual(expect.arrayContaining(Object.values(manifest().bin)))
    const strays = paths.filter(path => !/^(?:dist|docs|examples|man)\//.test(path) && path.includes('/'))
    expect(strays).toEqual([])
  })

  it('has declarations that only import files in it', () => {
    const paths = new Set(packed.files.map(file => file.path))
    for (const path of paths) {
      if (!path.endsWith('.d.ts')) continue
      const text = readFileSync(join(home, 'package', path), 'utf8')
      for (const [, specifier = ''] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)) {
        expect(specifier, path).toMatch(/\.js$/)
        expect(paths).toContain(join(dirname(path), specifier).replaceAll('\\', '/').replace(/\.js$/, '.d.ts'))
      }
    }
  })
})

describe('the packed command line', () => {
  it('runs with only the dependencies of the package', async () => {
    const folder = project('cli')
    writeFileSync(join(folder, 'rows.csv'), 'name\na\nb\n')
    const preq = join(folder, 'node_modules', 'parallel-requests', manifest().bin['preq'] as string)
    const args = [preq, `${base}{name}`, '-i', 'rows.csv', '--select', 'stars', '-o', 'r.csv', '-o', 'r.sqlite', '-q']
    const { stderr } = await run(process.execPath, args, { cwd: folder })
    expect(stderr).toBe('')
    expect(readFileSync(join(folder, 'r.csv'), 'utf8')).toContain(`${base}b,200,7,`)
  })

  it('writes an HTML report with the library that draws its charts', async () => {
    const folder = project('report')
    const preq = join(folder, 'node_modules', 'parallel-requests', manifest().bin['preq'] as string)
    await run(process.execPath, [preq, `${base}a`, '-o', 'run.jsonl', '-q'], { cwd: folder })
    await run(process.execPath, [preq, 'report', 'run.jsonl', '-o', 'report.html'], { cwd: folder })
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('var uPlot=')
  })
})

describe('a JavaScript project', () => {
  it('can import the package', async () => {
    const folder = project('esm')
    const code = `
      import { parallelRequests } from 'parallel-requests'
      import { report } from 'parallel-requests/report'
      import { mockTransport } from 'parallel-requests/testing'
      import manifest from 'parallel-requests/package.json' with { type: 'json' }
      const sent = await parallelRequests(['${base}a', '${base}b'], { keys: ['a', 'b'] })
      const mocked = await parallelRequests('${base}c', { transport: mockTransport(() => ({ json: 1 })) })
      const [, result] = (await report([], { format: 'text' })).split('\\n\\n')
      console.log(JSON.stringify({ sent, mocked, result, name: manifest.name }))`
    writeFileSync(join(folder, 'main.mjs'), code)
    expect(await node(folder, 'main.mjs')).toEqual({
      sent: { a: { path: '/a', stars: 7 }, b: { path: '/b', stars: 7 } },
      mocked: 1,
      result: 'No request has a result.',
      name: 'parallel-requests',
    })
  })

  it('needs no package of Redis until a connection is made', async () => {
    const folder = project('no-redis')
    const code = `
      import { parallelRequests } from 'parallel-requests'
      import 'parallel-requests/distributed'
      console.log(JSON.stringify(await parallelRequests(['${base}a'])))`
    writeFileSync(join(folder, 'main.mjs'), code)
    expect(await node(folder, 'main.mjs')).toEqual([{ path: '/a', stars: 7 }])
  })

  it('can require the package', async () => {
    const folder = project('cjs')
    const code = `
      const { ParallelRequests, isRequestError } = require('parallel-requests')
      const client = new ParallelRequests({ concurrency: 2 })
      client.request(['${base}a', '${base}b'], { parseFunc: item => item.path })
        .then(paths => console.log(JSON.stringify({ paths, guard: isRequestError(new Error()) })))
        .finally(() => client.close())`
    writeFileSync(join(folder, 'main.cjs'), code)
    expect(await node(folder, 'main.cjs')).toEqual({ paths: ['/a', '/b'], guard: false })
  })
})

const TYPESCRIPT = (url: string): string => `
import { ParallelRequests, parallelRequests, PartialFailureError, ReturnType } from 'parallel-requests'
import type { Outcome, RequestSpec, Transport } from 'parallel-requests'
import { har, report } from 'parallel-requests/report'
import type { ReportFormat } from 'parallel-requests/report'
import { mockTransport, virtualClock } from 'parallel-requests/testing'
import * as v from 'valibot'

interface Repo { path: string; stars: number }

const urls: string[] = ['${url}a', '${url}b']
const list: Repo[] = await parallelRequests<Repo>(urls, { concurrency: 3 })
const keyed: { a: string; b: string } = await parallelRequests(urls, { keys: ['a', 'b'], returnType: ReturnType.TEXT })
const checked: number[] = await parallelRequests(urls, {
  schema: v.object({ stars: v.number() }),
  parseFunc: repo => repo.stars,
})
const client = new ParallelRequests({ userAgent: 'consumer', headers: new Headers({ accept: '*/*' }) })
const specs: RequestSpec[] = [{ url: new URL(urls[0]!), auth: { bearer: 'x' } }]
const outcomes: Outcome[] = []
for await (const outcome of client.stream(specs, { signal: AbortSignal.timeout(10_000) })) outcomes.push(outcome)
const format: ReportFormat = 'markdown'
const text: string = await report(outcomes, { format, before: undefined })
await client.drain(specs, { sink: har('run.har', { bodies: true, maxBytes: '1MiB', overwrite: true }) })
await client.close()
const transport: Transport = mockTransport(() => ({ status: 404 }), { clock: virtualClock() })
let failed = 0
try {
  await parallelRequests(urls, { transport, onFailure: 'throw' })
} catch (error) {
  if (error instanceof PartialFailureError) failed = error.failures.length
}
console.log(JSON.stringify({ list, keyed, checked, ok: outcomes.map(outcome => outcome.ok), failed, title: text.split('\\n')[0] }))
`

describe.each(Object.entries(COMPILERS))('a TypeScript %s project', (version, compiler) => {
  it.each(Object.entries(SURROUNDINGS))(
    '%s compiles strictly against the package, and runs',
    async (_, { types, lib }) => {
      const folder = project(`ts-${version}-${types.join('')}`, ['valibot', ...types.map(name => `@types/${name}`)])
      writeFileSync(join(folder, 'main.mts'), TYPESCRIPT(base))
      // The type tests of the repository also hold for the shipped declarations.
      cpSync('test/types', join(folder, 'types'), {
        recursive: true,
        filter: path => !/\.test\.ts$|\.json$/.test(path),
      })
      const options = {
        strict: true,
        skipLibCheck: false,
        module: 'nodenext',
        target: 'es2022',
        lib,
        types,
        outDir: 'out',
        rewriteRelativeImportExtensions: true,
      }
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: options, include: ['main.mts', 'types'] }),
      )
      const tsc = resolve('node_modules', compiler, 'bin', 'tsc')
      const compiled = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error)
      expect(compiled.stdout.slice(0, 2_000)).toBe('')
      expect(await node(folder, 'out/main.mjs')).toEqual({
        list: [
          { path: '/a', stars: 7 },
          { path: '/b', stars: 7 },
        ],
        keyed: { a: '{"path":"/a","stars":7}', b: '{"path":"/b","stars":7}' },
        checked: [7, 7],
        ok: [true],
        failed: 2,
        title: '# Report of outcomes',
      })
    },
  )
})
