/** Exit codes after a full disk, a closed pipe and signals, and runs that continue after SIGKILL. */
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { covers } from '../support/hostile/record.ts'
import { open } from './repositories.ts'

describe('A full disk', () => {
  test.each([
    ['as CSV', '-o /dev/full --output-format csv'],
    ['as JSON lines', '-o /dev/full'],
    ['as standard output', '> /dev/full'],
  ])('below %s is reported in a sentence with exit code 74', async (_what, where) => {
    const { start, server } = await open()
    const { MAIN } = await import('./sandbox.ts')
    const script = `"$0" "$1" '${server.origin}/{1..3}' -q ${where}`
    const { code, stderr } = await start('bash', ['-c', script, process.execPath, MAIN]).finished
    expect([code, stderr]).toEqual([74, expect.stringMatching(/^preq: .*ENOSPC.*\n$/)])
  })
})

describe('The exit code', () => {
  test('is 141 without a message when the reader closes the pipe, and the run ends', async () => {
    const { start, server } = await open()
    const { MAIN } = await import('./sandbox.ts')
    const script = `"$0" "$1" '${server.origin}/{1..100000}' | head -n 2; echo "code \${PIPESTATUS[0]}"`
    const { stdout, stderr } = await start('bash', ['-c', script, process.execPath, MAIN]).finished
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('code 141')
    expect(stderr).not.toContain('    at ')
    expect(server.seen.length).toBeLessThan(50_000)
    covers(import.meta.url, {
      row: 117,
      name: 'the reader of stdout goes away (`preq … | head`)',
      outcome: 'exit 141, no stack trace',
      retry: '–',
      socket: '–',
    })
  })

  test('is 130 after Ctrl-C, which lets requests in flight finish, and a resumed run sends the rest', async () => {
    const { preq, startPreq, server, lines } = await open()
    const args = ['URL/slow/{300..319}', '-c', '4', '-o', 'r.jsonl', '--resume']
    const running = startPreq(args)
    await expect.poll(() => server.seen.length).toBeGreaterThanOrEqual(4)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.finished
    const done = lines('r.jsonl').length
    expect(code).toBe(130)
    expect(stderr).toContain('interrupted: requests in flight finish')
    expect([done, server.seen.length]).toEqual([4, 4])
    expect((await preq(args)).code).toBe(0)
    expect([lines('r.jsonl').length, server.seen.length]).toEqual([20, 20])
    covers(import.meta.url, {
      row: 115,
      name: 'SIGINT',
      outcome: `exit ${code}; requests in flight finish`,
      retry: '–',
      socket: '–',
    })
  })

  test('is 130 at once after a second Ctrl-C, 143 after SIGTERM and 129 after SIGHUP, and every line is complete', async () => {
    for (const [signals, exitCode] of [
      [['SIGINT', 'SIGINT'], 130],
      [['SIGTERM'], 143],
      [['SIGHUP'], 129],
    ] as const) {
      const { startPreq, server, file, lines } = await open()
      const running = startPreq(['URL/slow/1', 'URL/slow/60000', '-o', 'r.jsonl'])
      await expect
        .poll(() => existsSync(file('r.jsonl')) && readFileSync(file('r.jsonl'), 'utf8').includes('\n'))
        .toBe(true)
      expect(server.seen.length).toBe(2)
      for (const signal of signals) {
        running.child.kill(signal)
        if (signals.length > 1) await Promise.race([running.says(/interrupted/), once(running.child, 'exit')])
      }
      expect((await running.finished).code).toBe(exitCode)
      expect(lines('r.jsonl')).toMatchObject([{ index: 0, ok: true }])
      if (signals[0] === 'SIGHUP') continue
      covers(import.meta.url, {
        row: 115,
        name: signals.join(', '),
        outcome: `exit ${exitCode}; every line is complete`,
        retry: '–',
        socket: '–',
      })
    }
  })
})

describe('A run', () => {
  test('resumes after SIGKILL with --resume without sending finished requests again, and completes every other output', async () => {
    const { preq, startPreq, server, lines, rows } = await open()
    const args = ['URL/slow/{1..40}', '-c', '2', '-o', 'r.jsonl', '-o', 'r.csv', '--resume']
    const running = startPreq(args)
    await expect.poll(() => server.seen.length).toBeGreaterThanOrEqual(10)
    running.child.kill('SIGKILL')
    await running.finished
    const done = lines('r.jsonl').length
    expect((await preq(args)).code).toBe(0)
    expect(new Set(lines('r.jsonl').map(line => line['index'])).size).toBe(40)
    // Again goes what was sent and had no line: the two on the wire, and two more if it died within the turn in which
    // they were answered and others sent in their place.
    expect(server.seen.length).toBeLessThanOrEqual(40 + 2 + 2)
    expect(done).toBeGreaterThan(0)
    expect(new Set(rows('r.csv').map(row => row['index'])).size).toBe(40)
    covers(import.meta.url, {
      row: 115,
      name: 'SIGKILL, then a run with --resume',
      outcome: 'finished requests are not sent again',
      retry: '–',
      socket: '–',
    })
  })
})
