/**
 * Every ```sh and ```py block of the guides below runs as it stands, in the order of the page, in one folder per page.
 * `https://api.example.com` becomes a local server, and `preq` the built one. What needs a command or a Python package
 * that is missing is skipped. Of other pages, whose commands read files that are not shown, each command is accepted.
 * Pages about a Redis are in broker-commands.test.ts.
 */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleApi } from '../support/example-api.ts'
import type { ExampleApi } from '../support/example-api.ts'
import { commandsOf, fencesOf, printed, snippetsOf } from '../support/snippets.ts'
import type { Snippet } from '../support/snippets.ts'

const run = promisify(execFile)
const MAIN = resolve('dist/cli/main.js')
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
/** Pages whose commands read files that the page does not show: each command has to be accepted. */
const ACCEPTED = ['cli', 'failures', 'polling', 'progress', 'reports', 'sinks'].map(name => `docs/${name}.md`)
/** These files, with columns that fit. */
const FILES: Readonly<Record<string, string>> = {
  'days.txt': '2026-11-29\n2026-11-30\n',
  'ids.csv': 'id\n1\n2\n',
  'jobs.jsonl': '{"url":"https://api.example.com/a"}\n',
  'people.csv': 'id,name\n1,Ada\n2,Grace\n',
  'prompts.csv': 'prompt\na cat\n',
  'repos.csv': 'owner,name\nnodejs,node\n',
  'rows.csv': 'account,id\ngold,1\n',
  'teams.txt': 'a\nb\n',
  'texts.csv': 'text,length\nhello,5\n',
  'urls.txt': 'https://api.example.com/a\nhttps://api.example.com/b\n',
  'users.csv': 'id,name\n1,Ada\n',
  'users.txt': '1\n2\n',
}
/** Files of earlier runs. */
const RUN_FILES = ['run.jsonl', 'yesterday.jsonl', 'today.jsonl']
/** Hosts that have no server here. */
const ELSEWHERE = ['https://api.github.com']
/** Debian's packages belong to its own Python, which need not be the first one. */
const PYTHONS = ['python3', '/usr/bin/python3']

const commands = PAGES.flatMap(page =>
  snippetsOf(readFileSync(page, 'utf8'), ['sh', 'py'])
    .filter(({ runs }) => runs)
    .map(snippet => ({ page, snippet })),
)

const accepted = ['README.md', ...ACCEPTED].flatMap(page =>
  fencesOf(readFileSync(page, 'utf8'))
    .filter(({ language, runs }) => language === 'sh' && runs)
    .flatMap(({ line, code }) => commandsOf(code).map(command => ({ page, line, command }))),
)

let folder: string
let api: ExampleApi

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  api = await exampleApi()
  mkdirSync(join(folder, 'bin'))
  const preq = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`
  writeFileSync(join(folder, 'bin', 'preq'), preq, { mode: 0o755 })
  const args = [MAIN, '-q', api.local('https://api.example.com/a'), ...RUN_FILES.flatMap(name => ['-o', name])]
  await run(process.execPath, args, { cwd: folder })
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
        env: environment(),
        timeout: 110_000,
      }).catch((error: { code: number; stdout: string; stderr: string }) => error)

      const exit = 'code' in ran ? ran.code : 0
      expect({ exit, stderr: ran.stderr }).toEqual({ exit: snippet.exit, stderr: expect.any(String) })
      if (snippet.prints !== undefined) expect(api.shown(ran.stdout).trim()).toMatch(printed(snippet.prints))
    })
  }
})

describe('each command', () => {
  for (const { page, line, command } of accepted) {
    it(`of ${page} at line ${line} is accepted: ${command.split('\n')[0]?.slice(0, 60)}`, async () => {
      const cwd = mkdtempSync(join(folder, 'accepted-'))
      for (const [name, text] of Object.entries(FILES)) writeFileSync(join(cwd, name), api.local(text))
      for (const name of RUN_FILES) cpSync(join(folder, name), join(cwd, name))
      for (const [, name = ''] of command.matchAll(/-o (\S+)/g)) rmSync(join(cwd, name), { force: true })
      const elsewhere = ELSEWHERE.reduce((text, host) => text.replaceAll(host, 'https://api.example.com'), command)
      const ran = await run('bash', ['-c', api.local(elsewhere)], { cwd, env: environment(), timeout: 110_000 }).catch(
        (error: { code: number; stdout: string; stderr: string }) => error,
      )

      // 1: the server here does not answer as that of the page. 2: the command is wrong.
      expect({ exit: 'code' in ran ? ran.code : 0, stderr: ran.stderr }).toEqual({
        exit: expect.toSatisfy((code: number) => code === 0 || code === 1),
        stderr: expect.any(String),
      })
    })
  }
})

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TOKEN: 'token',
  PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
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
