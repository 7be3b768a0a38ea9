/** Flags whose effect only another process shows: a crash, syncs, threads, standard input, and what it prints in five seconds. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const preloaded = (program: string): string => `--import=data:text/javascript,${encodeURIComponent(program)}`

const TELLS_SYNCS = `
  import fs from 'node:fs'
  import { syncBuiltinESMExports } from 'node:module'
  for (const name of ['fsync', 'fdatasync', 'fsyncSync', 'fdatasyncSync']) {
    const was = fs[name]
    fs[name] = (...args) => (process.stderr.write('synced\\n'), was(...args))
  }
  syncBuiltinESMExports()`

const TELLS_THREADS = `
  import threads from 'node:worker_threads'
  import { syncBuiltinESMExports } from 'node:module'
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args)
      process.stderr.write('thread started\\n')
    }
  }
  syncBuiltinESMExports()`

describe('A resumed run', () => {
  test('sends a POST that was in flight at a crash only if --unknown-writes says so', async () => {
    let hangs = true
    const { run, start, server } = await workplace((_echo, response) => {
      if (!hangs) response.end('{}')
    })
    const args = ['URL/a', '--json', '{}', '-o', 'r.jsonl', '--resume']
    const running = start(args)
    await expect.poll(() => server.requests.length).toBe(1)
    running.child.kill('SIGKILL')
    await running.finished
    hangs = false
    const failed = await run([...args, '--unknown-writes', 'fail'])
    expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining('in_doubt/crash')])
    expect(server.requests).toHaveLength(1)
    expect((await run([...args, '--retry-failed', '--unknown-writes', 'resend'])).code).toBe(0)
    expect(server.requests).toHaveLength(2)
  })

  test.each(['process', 'power'])('finds the lines of --durability %s; only power syncs them to disk', async level => {
    const { run, server } = await workplace()
    const env = { NODE_OPTIONS: preloaded(TELLS_SYNCS) }
    const args = ['URL/{1..5}', '-o', 'r.jsonl', '--resume', '--durability', level]
    const first = await run(args, { env })
    expect([first.code, (await run(args)).code, server.requests.length]).toEqual([0, 0, 5])
    expect(first.stderr.includes('synced')).toBe(level === 'power')
  })
})

describe('A run', () => {
  test('gives the same results with --workers', async () => {
    const { run, server } = await workplace()
    const env = { NODE_OPTIONS: preloaded(TELLS_THREADS) }
    const { code, lines, stderr } = await run(['URL/{1..40}', '--workers', '2'], { env })
    expect([code, lines.length, server.requests.length]).toEqual([0, 40, 40])
    expect(stderr.match(/thread started/g)).toHaveLength(2)
    expect((await run(['URL/a'], { env })).stderr).not.toContain('thread started')
    expect((await run(['URL/a', '--workers', '-1'])).stderr).toContain('--workers: expected an integer ≥ 0')
  })
})

describe('Standard input', () => {
  test.each(['lines', 'csv', 'jsonl'])('that cannot be read is reported in a sentence, as %s', async format => {
    const { shell } = await workplace()
    const inputs: readonly (readonly [input: string, why: string])[] = [
      ['-i - < .', 'cannot read standard input: it is a folder.'],
      ['-i - 0> written', 'cannot read standard input to its end: bad file descriptor (EBADF)'],
      // A file of Linux that can be opened, but whose first byte cannot be read.
      ['-i /proc/self/mem', 'cannot read -i /proc/self/mem to its end: i/o error (EIO)'],
    ]
    for (const command of ['', 'plan']) {
      for (const [input, why] of inputs) {
        const { code, stderr, stdout } = await shell(`preq ${command} -q --format ${format} ${input}`).finished
        expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(`preq: ${why}`)])
        expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      }
    }
  })

  test('that is closed or empty does not make preq hang', async () => {
    const { shell } = await workplace()
    const closed = await shell('preq -i - --format lines <&-').finished
    expect([closed.code, closed.stderr]).toEqual([expect.toBeOneOf([0, 2]), expect.not.stringContaining('    at ')])
    const empty = await shell('preq -i - --format lines </dev/null').finished
    expect([empty.code, empty.stderr]).toEqual([0, expect.stringContaining('0 ok, 0 failed')])
  })
})

describe('The display of a run', () => {
  test('is a plain line every five seconds without a terminal, the last state, and a summary', async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { start } = await workplace(({ url }, response) => {
      if (url === '/6') void over.then(() => response.end('{}'))
      else response.end('{}')
    })
    const running = start(['URL/{1..6}', '-c', '1', '-o', 'r.jsonl'])
    await running.says(/5\/6/)
    end()
    const { stderr } = await running.finished
    const lines = stderr.trimEnd().split('\n')
    // What it was waiting for depends on the machine.
    expect(lines.pop()).toMatch(/ % of the run/)
    // On a busy machine the last of the five is so recent that a rate, and so a time left, is known.
    for (const line of lines.slice(0, -2))
      expect(line).toMatch(/^ {2}5\/6 +83 % +\d+\/s +0 retries +0 failed(?: +\d+s left)?$/)
    expect(lines.at(-2)).toMatch(/^ {2}6\/6 /)
    expect(lines.at(-1)).toMatch(/^6 ok, 0 failed in \d/)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    // oxlint-disable-next-line no-control-regex -- colours begin with it
    expect(lines.join('')).not.toMatch(/\x1b/)
  })
})
