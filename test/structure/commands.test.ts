/**
 * Every ```sh and ```py block of the guides below runs as it stands, in the order of the page, in one folder per page.
 * `https://api.example.com` becomes a local server, and `preq` the built one. What needs a command or a Python package
 * that is missing is skipped.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleApi } from '../support/example-api.ts'
import type { ExampleApi } from '../support/example-api.ts'
import { fencesOf, printed, snippetsOf } from '../support/snippets.ts'
import type { Snippet } from '../support/snippets.ts'

const run = promisify(execFile)
const PAGES = [
  ...readdirSync('docs/coming-from')
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/coming-from/${name}`),
  'docs/large-batches.md',
  'docs/performance.md',
  'docs/requests.md',
  'docs/retries.md',
  'docs/untrusted-urls.md',
]
/** Debian's packages belong to its own Python, which need not be the first one. */
const PYTHONS = ['python3', '/usr/bin/python3']

const commands = PAGES.flatMap(page =>
  snippetsOf(readFileSync(page, 'utf8'), ['sh', 'py'])
    .filter(({ runs }) => runs)
    .map(snippet => ({ page, snippet })),
)

let folder: string
let api: ExampleApi

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  api = await exampleApi()
  mkdirSync(join(folder, 'bin'))
  const preq = `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/cli/main.js')}' "$@"\n`
  writeFileSync(join(folder, 'bin', 'preq'), preq, { mode: 0o755 })
  for (const page of PAGES) {
    mkdirSync(folderOf(page))
    for (const { file, code } of fencesOf(readFileSync(page, 'utf8'))) {
      if (file !== undefined) writeFileSync(join(folderOf(page), file), api.local(code))
    }
  }
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

describe('the guides', () => {
  for (const { page, snippet } of commands) {
    const program = programOf(snippet)
    it.skipIf(program === undefined)(`have a command in ${page} at line ${snippet.line} that runs`, async () => {
      const [command = '', ...args] = program ?? []
      const ran = await run(command, [...args, api.local(snippet.code)], {
        cwd: folderOf(page),
        env: { ...process.env, PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter) },
        timeout: 110_000,
      }).catch((error: { code: number; stdout: string; stderr: string }) => error)

      const exit = 'code' in ran ? ran.code : 0
      expect({ exit, stderr: ran.stderr }).toEqual({ exit: snippet.exit, stderr: expect.any(String) })
      if (snippet.prints !== undefined) expect(api.shown(ran.stdout).trim()).toMatch(printed(snippet.prints))
    })
  }
})

const folderOf = (page: string): string => join(folder, page.replaceAll('/', '-'))

/** Undefined if something that it needs is missing. */
function programOf({ language, code, needs }: Snippet): readonly string[] | undefined {
  if (!needs.every(name => succeeds('sh', ['-c', 'command -v "$0"', name]))) return undefined
  if (language === 'sh') return ['bash', '-euo', 'pipefail', '-c']
  const modules = [...code.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name = '']) => name)
  const python = PYTHONS.find(path => succeeds(path, ['-c', `import ${modules.join(', ')}`]))
  return python === undefined ? undefined : [python, '-c']
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
