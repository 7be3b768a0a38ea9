/** `--log FILE`: one line of JSON per attempt. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

/** `/flaky` answers 503 once per URL, `/to` redirects to `/ok`. */
function respond(): Respond {
  const seen = new Set<string>()
  return ({ url }, response) => {
    if (url.startsWith('/to')) return void response.writeHead(302, { location: '/ok?token=CANARY' }).end()
    const status = url.startsWith('/flaky') && !seen.has(url) ? 503 : 200
    seen.add(url)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }
}

const HASTY = ['--backoff', '5ms', '-o', '/dev/null']

describe('--log', () => {
  test('has a line for each attempt with its delay, status and timings, and no secret', async () => {
    const { run, write, linesIn, text } = await workplace(respond())
    write('in.csv', 'key,path\na,flaky\nb,to\nhttp://x.test/?token=CANARY,ok\n')
    const args = ['URL/{path}?sig=CANARY', '-i', 'in.csv', '--key', 'key', ...HASTY, '--log', 'attempts.jsonl']
    const { code } = await run([...args, '-c', '1', '--order', 'input'])
    expect(code).toBe(0)
    const lines = linesIn('attempts.jsonl') as unknown as readonly Record<string, unknown>[]
    expect(lines.map(({ id, attempt, status }) => [id, attempt, status])).toEqual([
      ['k:a', 1, 503],
      ['k:a', 2, 200],
      ['k:b', 1, 302],
      ['k:b', 2, 200],
      ['k:http://x.test/?token=***#2', 1, 200],
    ])
    expect(lines[1]).toMatchObject({
      index: 0,
      key: 'a',
      method: 'GET',
      url: expect.stringMatching(/\/flaky\?sig=\*\*\*$/),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      delay: expect.any(Number),
      bytes: 2,
      protocol: 'http/1.1',
      reused: true,
      timings: { total: expect.any(Number), firstByte: expect.any(Number) },
    })
    expect(lines[3]).toMatchObject({ hop: true })
    expect(text('attempts.jsonl')).not.toContain('CANARY')
  })

  test('has the code of an attempt without a response; control characters of a key are escaped', async () => {
    const { run, write, text, linesIn } = await workplace(respond())
    write('in.jsonl', `${JSON.stringify({ url: 'http://127.0.0.1:1/', key: 'a\u001b[31m\nb\u202e' })}\n`)
    const args = ['-i', 'in.jsonl', ...HASTY, '--retries', '1', '--log', 'a.jsonl']
    const { code, stderr } = await run(args)
    expect([code, stderr]).toEqual([1, expect.any(String)])
    expect(linesIn('a.jsonl')).toMatchObject([{ code: 'connect/refused' }, { code: 'connect/refused', attempt: 2 }])
    expect(linesIn('a.jsonl')[0]?.key).toBe('a\u001b[31m\nb\u202e')
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(text('a.jsonl').replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
  })

  test('refuses an existing file before anything is sent; --overwrite replaces it', async () => {
    const { run, file, server, linesIn, text } = await workplace(respond())
    writeFileSync(file('a.jsonl'), 'mine\n')
    const refused = await run(['URL/ok', ...HASTY, '-o', 'out.csv', '--log', 'a.jsonl'])
    expect([refused.code, server.requests.length, text('a.jsonl')]).toEqual([2, 0, 'mine\n'])
    expect(refused.stderr).toBe(
      'preq: cannot write --log a.jsonl: it exists (EEXIST). Add --overwrite to replace it, or --resume to add to it, or write to another file.\n',
    )
    const { code } = await run(['URL/ok', ...HASTY, '--log', 'a.jsonl', '--overwrite'])
    expect([code, linesIn('a.jsonl').length]).toEqual([0, 1])
  })

  test('is left as it was by a run that is refused', async () => {
    const { run, file, text } = await workplace(respond())
    writeFileSync(file('a.jsonl'), 'mine\n')
    const args = ['URL/ok', '--log', 'a.jsonl', '--overwrite', '-o', 'r.jsonl']
    writeFileSync(file('r.jsonl'), 'no run file\n')
    expect((await run(['URL/ok', '--log', 'a.jsonl', '-o', 'r.jsonl', '--resume'])).code).toBe(2)
    expect(text('a.jsonl')).toBe('mine\n')
    expect((await run(args)).code).toBe(0)
    expect(text('a.jsonl')).toContain('"attempt":1')
    expect((await run(['URL/ok', '--log', 'new.jsonl', '-i', 'nothing.csv'])).code).not.toBe(0)
    expect(() => readFileSync(file('new.jsonl'))).toThrow('ENOENT')
  })

  test('is continued by --resume, after a torn last line, too', async () => {
    const { run, file, text } = await workplace(respond())
    const args = ['-o', 'r.jsonl', '--resume', '--log', 'a.jsonl']
    await run(['URL/ok', ...args])
    writeFileSync(file('a.jsonl'), '{"id":"#0","att')
    await run(['URL/ok', 'URL/ok?2', ...args])
    const lines = text('a.jsonl').split('\n')
    expect(lines[0]).toBe('{"id":"#0","att')
    expect(lines.slice(1, -1).map(line => (JSON.parse(line) as { id: string }).id)).toEqual(['#1'])
  })

  test('ends with exit code 74 if it cannot be written, before anything is sent', async () => {
    const { run, file, server } = await workplace(respond())
    mkdirSync(file('folder'))
    for (const [name, why] of [
      ['none/a.jsonl', 'no such folder (ENOENT). Make none first.'],
      ['folder', 'it is a folder (EISDIR). Add a name to it.'],
    ] as const) {
      const { code, stderr } = await run(['URL/ok', ...HASTY, '--log', name])
      expect([code, stderr]).toEqual([74, `preq: cannot write --log ${name}: ${why}\n`])
    }
    expect(server.requests).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')(
    'that cannot be written during the run fails at its end; the results are kept',
    async () => {
      const { run, linesIn } = await workplace(respond())
      const { code, stderr } = await run(['URL/ok', 'URL/ok?2', '-o', 'r.jsonl', '--log', '/dev/full'])
      expect([code, linesIn('r.jsonl').filter(({ ok }) => ok)]).toMatchObject([74, [{ index: 0 }, { index: 1 }]])
      expect(stderr).toContain(
        'preq: cannot write --log /dev/full after 0 rows: no space left on device (ENOSPC). Make room on the disk, or write elsewhere.\n',
      )
    },
  )

  test('goes to standard output only if no results go there', async () => {
    const { run, server } = await workplace(respond())
    for (const args of [
      ['--log', '-'],
      ['--log', '/dev/stdout', '-w', '{url}', '-o', 'x.csv'],
    ]) {
      const { code, stderr } = await run(['URL/ok', ...args])
      expect([code, stderr]).toEqual([
        2,
        'preq: --log: expected a file, got standard output, which has the results. Write them to a file with -o, or the log.\n',
      ])
    }
    expect(server.requests).toEqual([])
    const { code, lines } = await run(['URL/ok', '-o', 'x.csv', '--log', '-'])
    expect([code, lines]).toMatchObject([0, [{ attempt: 1, status: 200 }]])
  })

  test('needs a file of its own', async () => {
    const { run, write } = await workplace(respond())
    write('in.txt', 'URL/ok\n')
    for (const other of ['in.txt', 'r.jsonl']) {
      const { code, stderr } = await run(['-i', 'in.txt', '-o', 'r.jsonl', '--log', other])
      expect([code, stderr]).toEqual([
        2,
        `preq: --log: expected a file of its own, got ${other} twice. Choose another.\n`,
      ])
    }
  })
})
