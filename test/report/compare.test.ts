/** Two runs compared: figures side by side, and requests whose result changed. */
import { parse } from 'csv-parse/sync'
import { describe, expect, onTestFinished, test } from 'vitest'
import { at, done, failed, runEnd, runFile, runStart } from './lines.ts'
import type { CompareData } from '../../src/report/data.ts'
import { report } from '../../src/report/report.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const file = (...lines: readonly string[]): string => runFile(onTestFinished, ...lines)

async function compared(before: readonly string[], after: readonly string[]): Promise<CompareData> {
  return JSON.parse(await report(file(...after), { before: file(...before), format: 'json' })) as CompareData
}

describe('the comparison of two runs', () => {
  test('names the requests that were ok and fail now, and the reverse', async () => {
    const { changes } = await compared(
      [done(0), failed(1), done(2, { id: 'k:ann' }), failed(3, 'http/404', { id: 'k:bob' }), done(4), failed(5)],
      [
        failed(0, 'http/500'),
        done(1),
        failed(9, 'http/502', { id: 'k:ann' }),
        done(8, { id: 'k:bob' }),
        done(4),
        failed(5),
      ],
    )
    expect([changes.broken.count, changes.fixed.count, changes.onlyBefore, changes.onlyAfter]).toEqual([2, 2, 0, 0])
    expect(changes.broken.requests.map(({ id, code }) => [id, code])).toEqual([
      ['#0', 'http/500'],
      ['k:ann', 'http/502'],
    ])
    expect(changes.fixed.requests.map(({ id }) => id)).toEqual(['#1', 'k:bob'])
  })

  test('lets the last line of a request decide, in both runs', async () => {
    const { changes } = await compared(
      [failed(0), done(0), done(1), done(2)],
      [failed(0), failed(1), done(1), failed(0)],
    )
    expect([changes.broken.count, changes.broken.requests.map(({ id }) => id)]).toEqual([1, ['#0']])
    expect([changes.fixed.count, changes.onlyBefore]).toEqual([0, 1])
  })

  test('lists at most 200 of them, and counts all', async () => {
    const many = Array.from({ length: 300 }, (_, index) => index)
    const { changes } = await compared(
      many.map(index => done(index)),
      many.map(index => failed(index)),
    )
    expect([changes.broken.count, changes.broken.requests.length]).toEqual([300, 200])
  })

  test('says what is notably different', async () => {
    const run = (ms: number, stepMs: number): string[] => [
      runStart(),
      ...Array.from({ length: 20 }, (_, index) =>
        done(index, { timings: { firstByte: ms, total: ms }, at: at(stepMs * (index + 1)) }),
      ),
      runEnd(stepMs * 20),
    ]
    const text = await report(file(...run(400, 200)), { before: file(...run(100, 100)), format: 'text' })
    const [, changed, results, shifts] = text.split('\n\n').map(part => part.replaceAll('\n', ' '))
    expect(changed).toBe('No request changed its result.')
    expect(results).toBe('Before: All 20 requests succeeded. Now: All 20 requests succeeded.')
    expect(shifts).toBe(
      'Throughput: 5/s instead of 10/s. Waiting for the server: 95 % took up to 400 ms instead of 100 ms. Requests: 95 % took up to 400 ms instead of 100 ms.',
    )
    expect(text).toMatch(/firstByte +100 ms +400 ms +× 4 +100 ms +400 ms +× 4/)
  })

  test('is one table of figures as CSV', async () => {
    const csv = await report(file(done(0), failed(1)), { before: file(done(0)), format: 'csv' })
    const rows = parse(csv, { columns: true }) as Record<string, string>[]
    expect(rows.find(({ section, measure }) => section === 'total' && measure === 'requests')).toEqual({
      section: 'total',
      name: '',
      measure: 'requests',
      before: '1',
      after: '2',
    })
    expect(rows.find(({ name }) => name === 'http/404')).toMatchObject({ before: '', after: '1' })
  })

  test.each(['text', 'markdown', 'json', 'csv', 'html'] as const)(
    'shows no secret and obeys no control in %s',
    async format => {
      const nasty = '\u001b[2J\u202e<script>alert(1)</script>'
      const url = `https://me:s3cr3t@api.example.com/${nasty}?token=s3cr3t`
      const error = { code: 'http/500', message: nasty, body: nasty }
      const text = await report(file(failed(0, 'http/500', { url, key: nasty, error })), {
        before: file(done(0, { url })),
        format,
      })
      expect(text).not.toContain('s3cr3t')
      if (format === 'html') expect(text.match(/<script/g)).toHaveLength(2)
      // oxlint-disable-next-line no-control-regex -- the test is about control characters
      else expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/)
    },
  )

  test('takes outcomes as well', async () => {
    const outcomes = async (status: number): Promise<unknown> => {
      const client = new ParallelRequests({ transport: mockTransport(() => ({ status, json: 1 })) })
      return client.request(['https://api.example.com/'], { onFailure: 'settle' })
    }
    const text = await report((await outcomes(404)) as [], { before: (await outcomes(200)) as [], format: 'text' })
    expect(text).toContain('1 request that was ok now fails')
  })
})
