/** `--json-progress`: standard error has only JSON lines, however the run ends, and the last one is the summary. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'
import { recordsOf } from './records.ts'

const partly: Respond = ({ url }, response) => void response.writeHead(url.includes('fail') ? 404 : 200).end('{}')

describe('--json-progress', () => {
  test('writes records for failures, warnings and hosts, and a summary at the end', async () => {
    const { run, server, write } = await workplace(partly)
    write('urls.txt', 'URL/a\nURL/fail?token=s3cr3t\nnothing\nURL/b\n')
    const args = [
      '-i',
      'urls.txt',
      '--json-progress',
      '-o',
      'r.jsonl',
      '-o',
      'r.csv',
      '--select',
      'x',
      '-v',
      '--resume',
    ]
    for (const before of [0, 4]) {
      const { code, stdout, stderr } = await run(args)
      const records = recordsOf(stderr)
      expect([code, stdout]).toEqual([1, ''])
      expect(records.at(-1)).toEqual({
        type: 'summary',
        ok: 2,
        failed: 2,
        from_before: before === 0 ? 0 : 3,
        gone: 0,
        given_up: 0,
        not_sent: 0,
        not_written: 0,
        complete: true,
        codes: { 'http/404': 1, 'invalid_request/url': 1 },
        elapsed_ms: expect.any(Number) as number,
      })
      expect(
        records.filter(({ type }) => type === 'failure').toSorted((a, b) => Number(a['index']) - Number(b['index'])),
      ).toEqual([
        {
          type: 'failure',
          index: 1,
          file: 'urls.txt',
          line: 2,
          method: 'GET',
          url: `${server.url}/fail?token=***`,
          status: 404,
          code: 'http/404',
          message: '404 Not Found',
        },
        expect.objectContaining({ type: 'failure', index: 2, line: 3, code: 'invalid_request/url' }),
      ])
      expect(records).toContainEqual({ type: 'warning', message: "no value had 'x' (--select)" })
      expect(records).toContainEqual(expect.objectContaining({ type: 'host', ok: 2, failed: 1 }))
    }
  })

  test.each([
    [['URL/{id}', '-i', 'none.csv', '--json-progress'], 2, /^cannot read -i none\.csv: /],
    [['URL/a', '--json-progress', '--retires', '1'], 2, /^unknown option '--retires'\. Did you mean '--retries'\?/],
    [['URL/a', '--json-progress', '--rate', '10'], 2, /^--rate: expected a rate/],
    [['URL/a', '--json-progress', '-o', 'none/r.csv'], 74, /^cannot write -o none\/r\.csv: no such folder/],
    [['URL/a', '--json-progress', '-o', '/dev/full', '--output-format', 'csv'], 74, /ENOSPC/],
  ])('reports the error that ends a run as a record: %j', async (args, exitCode, why) => {
    const { run } = await workplace()
    const { code, stderr } = await run(args)
    expect([code, recordsOf(stderr).at(-1)]).toEqual([
      exitCode,
      { type: 'error', message: expect.stringMatching(why) as string },
    ])
  })

  test('reports warnings of the process as records', async () => {
    const { run, write, text } = await workplace()
    const args = ['URL/{1..3}', '--json-progress', '-o', 'r.jsonl', '--resume']
    await run(args)
    write('r.jsonl', `${text('r.jsonl')}{"v":1,"index":2,"id"\n{"v":1,\n`)
    const { code, stderr } = await run(args, { env: { PREQ_QUIET: '1' } })
    expect(code).toBe(0)
    expect(recordsOf(stderr)).toContainEqual(
      expect.objectContaining({ type: 'warning', name: 'ParallelRequestsWarning' }),
    )
  })
})

test('a short run without a terminal prints only the summary', async () => {
  const { run } = await workplace()
  expect((await run(['URL/a', '-o', 'r.jsonl'])).stderr).toMatch(/^1 ok, 0 failed in \S+ s\n$/)
})
