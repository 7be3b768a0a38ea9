import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { MAIN, sandbox } from './sandbox.ts'
import { CALL } from '../../src/cli/demo/call.ts'
import { catalogue, fullName } from '../../src/cli/demo/catalogue.ts'
import { covers } from '../support/hostile/record.ts'
import { expectFigure } from '../support/figure.ts'

interface Line {
  readonly v: number
  readonly index: number
  readonly id: string
  readonly key: string
  readonly ok: boolean
  readonly status?: number
  readonly value?: unknown
  readonly error?: { readonly code: string }
  readonly attempts: number
}

const linesOf = (folder: string): Line[] =>
  readFileSync(join(folder, 'results.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Line)
    // The first line holds the salt.
    .filter(line => !('salt' in line || 'run' in line || 'pause' in line))

const ESCAPE = '\u001B'

test.concurrent('preq demo fetches its records, writes every outcome and prints a summary', async ({
  expect,
  onTestFinished,
}) => {
  const { folder, startPreq } = sandbox(onTestFinished)
  const startedAtMs = performance.now()
  const { code, stdout, stderr } = await startPreq(['demo']).finished
  expectFigure(performance.now() - startedAtMs).toBeLessThan(15_000)
  expect(code, stderr).toBe(0)

  const lines = linesOf(folder)
  const repositories = catalogue()
  expect(lines.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([...repositories.keys()])
  expect(new Set(lines.map(({ id }) => id)).size).toBe(repositories.length)
  for (const { v, index, key, ok, value } of lines) {
    expect({ v, key }).toEqual({ v: 2, key: fullName(repositories[index]!) })
    if (ok) expect(value).toEqual(repositories[index])
  }
  const codes = Object.groupBy(
    lines.filter(({ ok }) => !ok),
    ({ error }) => error!.code,
  )
  expect(Object.entries(codes).map(([name, { length } = []]) => [name, length])).toEqual(
    expect.arrayContaining([
      ['http/404', 4],
      ['http/500', 3],
      ['parse/json', 1],
    ]),
  )
  expect(Object.keys(codes)).toHaveLength(3)
  expect(lines.some(({ ok, attempts }) => ok && attempts > 1)).toBe(true)

  for (const line of CALL) expect(stdout).toContain(line)
  expect(stdout).toMatch(/292 of 300 fetched in \d+\.\d s, 8 failed as planned/)
  expect(stdout).toMatch(/sent +3\d\d requests, \d+\/s, at most \d+ at once/)
  expect(stdout).toMatch(/retried +\d+ × /)
  expect(stdout).toMatch(/throttled +[1-9]\d* × by a 429/)
  expect(stdout).toMatch(/4 × http\/404 +\S+\/\S+: 404 Not Found/)
  expect(stdout).toContain('results.jsonl: 300 lines')

  expect(stderr).toMatch(/^ {2}300\/300 .* 8 failed\n$/m)
  expect(stdout + stderr).not.toContain(ESCAPE)

  const baseUrl = /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout)?.[0] ?? ''
  await expect(fetch(baseUrl)).rejects.toThrow('fetch failed')
})

test.concurrent('after Ctrl-C preq demo finishes requests in flight, keeps the outcomes and exits with 130', async ({
  expect,
  onTestFinished,
}) => {
  const { folder, startPreq } = sandbox(onTestFinished)
  const running = startPreq(['demo'])
  await running.says(/\d+\/300/)
  running.child.kill('SIGINT')
  const { code, stdout } = await running.finished
  const lines = linesOf(folder)
  expect(code).toBe(130)
  expect(stdout).toContain(`Stopped: ${lines.length} of 300 done`)
  expect(lines.length).toBeGreaterThan(0)
  expect(lines.length).toBeLessThan(300)
  expect(lines.filter(({ error }) => error?.code.startsWith('aborted/'))).toEqual([])
})

test.concurrent('preq demo exits with 74 before anything is sent if it cannot open results.jsonl', async ({
  expect,
  onTestFinished,
}) => {
  const { folder, startPreq } = sandbox(onTestFinished)
  mkdirSync(join(folder, 'results.jsonl'))
  const { code, stdout, stderr } = await startPreq(['demo']).finished
  expect({ code, stdout }).toEqual({ code: 74, stdout: '' })
  expect(stderr).toMatch(/^preq: cannot write results\.jsonl: .*\(EISDIR\)/)
})

// Even root cannot write to /proc.
test
  .skipIf(process.platform !== 'linux')
  .concurrent('preq demo exits with 74 in a folder that it cannot write to', async ({ expect, onTestFinished }) => {
    const { code, stdout, stderr } = await sandbox(onTestFinished).startPreq(['demo'], { cwd: '/proc' }).finished
    expect({ code, stdout }).toEqual({ code: 74, stdout: '' })
    expect(stderr).toMatch(/^preq: cannot write results\.jsonl: /)
  })

test
  .skipIf(process.platform !== 'linux')
  .concurrent('preq demo exits with 74 when the disk is full', async ({ expect, onTestFinished }) => {
    const { folder, startPreq } = sandbox(onTestFinished)
    symlinkSync('/dev/full', join(folder, 'results.jsonl'))
    const { code, stderr } = await startPreq(['demo']).finished
    expect(code).toBe(74)
    expect(stderr).toMatch(/^preq: cannot write results\.jsonl: .*\(ENOSPC\)/m)
    covers(import.meta.url, {
      row: 116,
      name: 'no space left for the output of the command line',
      outcome: `exit ${code}`,
      retry: '–',
      socket: '–',
    })
  })

test.concurrent('preq demo exits with 2 and keeps a results.jsonl that no demo wrote', async ({
  expect,
  onTestFinished,
}) => {
  const { folder, startPreq } = sandbox(onTestFinished)
  const precious = '{"v":1,"index":0,"url":"https://example.com/a","ok":true}\n'
  writeFileSync(join(folder, 'results.jsonl'), precious)
  const { code, stdout, stderr } = await startPreq(['demo']).finished
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^preq: cannot write results\.jsonl: it exists, and is not from an earlier demo/)
  expect(readFileSync(join(folder, 'results.jsonl'), 'utf8')).toBe(precious)
})

test.concurrent('preq demo exits with 141 and without a message when its reader closes the pipe', async ({
  expect,
  onTestFinished,
}) => {
  const running = sandbox(onTestFinished).startPreq(['demo'])
  running.child.stdout.destroy()
  const { code, stderr } = await running.finished
  expect(code).toBe(141)
  expect(stderr).not.toContain('Error')
})

/** The `script` of util-linux runs a command in a terminal. */
const SCRIPT = 'script'

const hasScript = (() => {
  try {
    return execFileSync(SCRIPT, ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
})()

/** 100 columns of 40 rows. */
const IN_TERMINAL = ['-qec', `stty cols 100 rows 40; '${process.execPath}' '${MAIN}' demo`, '/dev/null']

test
  .skipIf(!hasScript)
  .concurrent(
    'preq demo draws live progress in colour on a terminal and restores the cursor',
    async ({ expect, onTestFinished }) => {
      const { code, stdout } = await sandbox(onTestFinished).start(SCRIPT, IN_TERMINAL).finished
      expect(code, stdout).toBe(0)
      const bars = stdout.match(/━+.*?\d+\/300/g) ?? []
      expect(bars.length).toBeGreaterThan(20)
      expect(bars.at(-1)).toContain('300/300')
      expect(stdout).toContain(`${ESCAPE}[36m`)
      expect(stdout.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?25l`))
    },
  )

test
  .skipIf(!hasScript)
  .concurrent(
    'preq demo obeys NO_COLOR on a terminal, and its Ctrl-C lets requests in flight finish',
    async ({ expect, onTestFinished }) => {
      const { folder, start } = sandbox(onTestFinished)
      const running = start(SCRIPT, IN_TERMINAL, { env: { NO_COLOR: '1' } })
      await running.says(/[1-9]\d*\/300/)
      running.child.stdin.write('\u0003')
      const { code, stdout } = await running.finished
      expect(code).toBe(130)
      expect(stdout).toContain(`Stopped: ${linesOf(folder).length} of 300 done`)
      expect(stdout).not.toContain(`${ESCAPE}[3`)
      expect(stdout.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?25l`))
    },
  )
