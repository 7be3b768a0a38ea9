/**
 * Every ```ts and ```js block of README.md and of the pages under docs/ runs as it stands, and TypeScript compiles.
 * `https://api.example.com` and `http://127.0.0.1:7300` become local servers (test/support/example-api.ts). A block
 * ```text prints after a program is what it prints.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleApi } from '../support/example-api.ts'
import type { ExampleApi } from '../support/example-api.ts'
import { printed, snippetsOf } from '../support/snippets.ts'

const run = promisify(execFile)
/** Modules that snippets may import. */
const MODULES = [
  '@opentelemetry/api',
  '@standard-schema/spec',
  '@types/node',
  'axios',
  'got',
  'ioredis',
  'ky',
  'p-limit',
  'p-queue',
  'p-retry',
  'tough-cookie',
  'undici',
  'valibot',
  'vitest',
]
const PAGES = [
  'README.md',
  ...['docs', 'docs/coming-from'].flatMap(folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.md'))
      .map(name => `${folder}/${name}`),
  ),
]
const snippets = PAGES.flatMap(page =>
  snippetsOf(readFileSync(page, 'utf8'), ['ts', 'js']).map(snippet => ({
    ...snippet,
    page,
    // A folder per page, so that two pages may write the same file.
    place: page.replaceAll(/\W/g, '-'),
    file: `${snippet.line}.${snippet.language}`,
  })),
)

let folder: string
let api: ExampleApi

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

  api = await exampleApi()
  for (const { place, file, code } of snippets) {
    mkdirSync(join(folder, place), { recursive: true })
    // The empty export makes the file a module, so that two snippets may use the same name.
    writeFileSync(join(folder, place, file), `${api.local(code)}\nexport {}\n`)
  }
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
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

  it.each(snippets.filter(({ runs }) => runs))(
    'has a snippet in $page at line $line that runs',
    async ({ place, file, prints }) => {
      const guard = pathToFileURL(resolve('test/support/loopback-only.ts')).href
      const env = { ...process.env, NODE_OPTIONS: `--import=${guard}` }
      const ran = await run(process.execPath, [file], { cwd: join(folder, place), env, timeout: 110_000 }).catch(
        (error: { stdout: string; stderr: string }) => error,
      )
      expect(ran.stderr).toBe('')
      expect(ran).not.toBeInstanceOf(Error)
      if (prints !== undefined) expect(api.shown(ran.stdout).trim()).toMatch(printed(prints))
    },
  )
})
