/**
 * Every ```ts block of README.md and of the pages under docs/ compiles as it stands, and runs: `http://127.0.0.1:7300` is
 * the API of `preq demo --serve` at a port of the test, and `https://api.example.com` becomes a local server that answers any path with a believable record. `/status/<code>` answers with that status, and a list `/items…` with an array, `/chat/…` with events, `/jobs` with a job.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../src/cli/demo/catalogue.ts'
import { moods } from '../../src/cli/demo/moods.ts'
import { startApi } from '../../src/cli/demo/server.ts'
import type { Api } from '../../src/cli/demo/server.ts'
import { snippetsOf } from '../support/snippets.ts'

const run = promisify(execFile)
const ORIGIN = 'https://api.example.com'
const DEMO_ORIGIN = 'http://127.0.0.1:7300'
/** Modules that snippets may import. */
const MODULES = [
  '@opentelemetry/api',
  '@standard-schema/spec',
  '@types/node',
  'ioredis',
  'tough-cookie',
  'undici',
  'valibot',
]
const PAGES = [
  'README.md',
  ...readdirSync('docs')
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]
const snippets = PAGES.flatMap(page =>
  snippetsOf(readFileSync(page, 'utf8')).map(snippet => ({
    ...snippet,
    page,
    file: `${page.replaceAll(/\W/g, '-')}-${snippet.line}.ts`,
  })),
)

let folder: string
let server: Server
let origin: string
let demo: Api

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  const link = (target: string, name: string): void => {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(resolve(target), path, 'dir')
  }
  link('.', 'parallel-requests')
  for (const name of MODULES) link(join('node_modules', name), name)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const tsconfig = {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      typeRoots: ['node_modules/@types'],
      // The built declarations, not the sources.
      paths: {},
    },
    include: ['.'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))

  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', ORIGIN)
    const status = /^\/status\/(\d{3})$/.exec(pathname)?.[1]
    response.statusCode = status === undefined ? 200 : Number(status)
    response.setHeader('content-type', 'application/json')
    if (pathname.startsWith('/chat/')) {
      response.setHeader('content-type', 'text/event-stream')
      return void response.end('id: 1\ndata: {"text":"Hello"}\n\ndata: [DONE]\n\n')
    }
    if (pathname.startsWith('/jobs')) {
      const state = request.method === 'POST' ? 'starting' : 'succeeded'
      return void response.end(JSON.stringify({ status: state, urls: { get: '/jobs/1' }, output: '/images/1' }))
    }
    const name = pathname.split('/').at(-1)
    const record = { id: 1, name, path: pathname, query: Object.fromEntries(searchParams), stars: 7, language: 'C' }
    response.end(JSON.stringify(/^\/items\b/.test(pathname) ? [record, record] : record))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const repositories = catalogue()
  demo = await startApi({ repositories, moods: moods(repositories.length) })
  const demoOrigin = new URL(demo.baseUrl).origin
  for (const { file, code } of snippets) {
    // The empty export makes the file a module, so that two snippets may use the same name.
    writeFileSync(
      join(folder, file),
      `${code.replaceAll(ORIGIN, origin).replaceAll(DEMO_ORIGIN, demoOrigin)}\nexport {}\n`,
    )
  }
})

afterAll(async () => {
  await demo.close()
  await new Promise(done => server.close(done))
  rmSync(folder, { recursive: true, force: true })
})

describe('the documentation', () => {
  it('contains snippets that run', () => {
    expect(snippets.filter(({ runs }) => runs).length).toBeGreaterThan(0)
  })

  it('has only snippets that compile', async () => {
    const tsc = resolve('node_modules/typescript/bin/tsc')
    const compiled = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error)
    expect(compiled.stdout.slice(0, 2_000)).toBe('')
  })

  it.each(snippets.filter(({ runs }) => runs))('has a snippet in $page at line $line that runs', async ({ file }) => {
    const guard = pathToFileURL(resolve('test/support/loopback-only.ts')).href
    const env = { ...process.env, NODE_OPTIONS: `--import=${guard}` }
    const ran = await run(process.execPath, [file], { cwd: folder, env, timeout: 110_000 }).catch(
      (error: { stderr: string }) => error,
    )
    expect(ran.stderr).toBe('')
    expect(ran).not.toBeInstanceOf(Error)
  })
})

describe('snippetsOf', () => {
  const markdown = [
    'Text',
    '```ts',
    'const a = 1',
    '```',
    '```sh',
    'npm start',
    '```',
    '```ts continues',
    'console.log(a)',
    '```',
    '```ts no-run',
    'const b = 2',
    '```',
  ].join('\n')

  it('finds the TypeScript blocks, joins continued ones, and marks those that do not run', () => {
    expect(snippetsOf(markdown)).toEqual([
      { line: 2, code: 'const a = 1\n\nconsole.log(a)\n', runs: true },
      { line: 11, code: 'const b = 2\n', runs: false },
    ])
  })
})
