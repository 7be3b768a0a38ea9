/** What becomes of outputs that are there already, and of several at once; by the built binary. */
import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const ids = (from: number, to: number): string =>
  `id\n${Array.from({ length: to - from + 1 }, (_, at) => from + at).join('\n')}\n`

const TO_ALL = ['-o', 'r.jsonl', '-o', 'r.csv', '-o', 'r.sqlite', '--resume']

function rowsIn(path: string): unknown {
  using database = new DatabaseSync(path)
  return database.prepare('SELECT count(*) AS rows FROM results').get()?.['rows']
}

describe('An output that is there', () => {
  test('stays as it was when a run is refused, wherever the first difference is.', async () => {
    const { run, write, text, file, server } = await workplace()
    write('ids.csv', ids(1, 30))
    expect((await run(['URL/{id}', '-i', 'ids.csv', ...TO_ALL])).code).toBe(0)
    const before = [text('r.jsonl'), text('r.csv')]
    const sent = server.requests.length
    write('ids.csv', ids(1, 30).replace('20\n', ''))
    for (const url of ['URL/{id}', 'URL/other/{id}']) {
      const { code, stderr } = await run([url, '-i', 'ids.csv', ...TO_ALL])
      expect([code, stderr]).toEqual([2, expect.stringContaining('expected the input that')])
      expect([text('r.jsonl'), text('r.csv')]).toEqual(before)
      expect(rowsIn(file('r.sqlite'))).toBe(30)
    }
    expect(server.requests.length).toBe(sent)
    expect(readdirSync(file('.')).toSorted()).toEqual(['ids.csv', 'r.csv', 'r.jsonl', 'r.sqlite'])
    write('ids.csv', ids(1, 40))
    expect((await run(['URL/{id}', '-i', 'ids.csv', ...TO_ALL])).code).toBe(0)
    expect([text('r.csv').trim().split('\n').length, rowsIn(file('r.sqlite'))]).toEqual([41, 40])
    expect(readdirSync(file('.')).toSorted()).toEqual(['ids.csv', 'r.csv', 'r.jsonl', 'r.sqlite'])
  })

  test('is not touched by a second run on the run file, which does the first no harm.', async () => {
    const { start, run, text, server } = await workplace()
    const args = ['URL/slow/{300..311}', '-c', '4', ...TO_ALL]
    const first = start(args)
    await expect.poll(() => server.requests.length).toBeGreaterThan(4)
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('locked') as unknown })
    expect((await first.finished).code).toBe(0)
    expect(text('r.csv').trim().split('\n').length).toBe(13)
  })

  test('is replaced with --overwrite once there is something else, and not by a run that is refused.', async () => {
    const { run, text, write, file } = await workplace()
    const to = ['-o', 'r.csv', '-o', 'r.jsonl', '-o', 'r.sqlite', '--columns', 'index']
    expect((await run(['URL/a', 'URL/b', ...to])).code).toBe(0)
    const before = [text('r.csv'), text('r.jsonl')]
    write('broken.csv', 'id\n"1\n')
    expect((await run(['URL/{id}', '-i', 'broken.csv', ...to, '--overwrite'])).code).toBe(2)
    expect((await run(['URL/a', ...to, '--overwrite', '--tls-ca', 'r.csv'])).code).toBe(2)
    expect([text('r.csv'), text('r.jsonl'), rowsIn(file('r.sqlite'))]).toEqual([...before, 2])
    expect((await run(['URL/a', ...to, '--overwrite'])).code).toBe(0)
    expect([text('r.csv'), rowsIn(file('r.sqlite'))]).toEqual(['index\n0\n', 1])
  })

  test('is not left behind by a run that is refused.', async () => {
    const { run, write, file } = await workplace()
    write('broken.csv', 'id\n"1\n')
    const { code } = await run(['URL/{id}', '-i', 'broken.csv', '-o', 'r.csv', '-o', 'r.sqlite'])
    expect([code, readdirSync(file('.'))]).toEqual([2, ['broken.csv']])
  })
})

describe('Standard output', () => {
  test('gets everything beside files with -o -.', async () => {
    for (const other of ['r.csv', 'r.jsonl', 'r.sqlite']) {
      const { run } = await workplace()
      for (const order of [
        ['-o', other, '-o', '-'],
        ['-o', '-', '-o', other],
      ]) {
        const { code, lines } = await run(['URL/{1..3}', ...order, '--overwrite', '-q'])
        expect([code, lines.map(({ index }) => index)]).toEqual([0, [0, 1, 2]])
      }
    }
  })

  test('is for one of -w and -o -.', async () => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', '-o', '-', '-w', '{url}'])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain('-w: expected standard output for itself, got -o - beside it')
  })

  test('takes lines of -w from many requests without a warning of listeners, however slowly it is read.', async () => {
    const { shell } = await workplace()
    const { stderr, stdout } = await shell(
      `preq 'URL/{1..3000}' -q -c 100 -w '{url} ${'x'.repeat(2_000)}\n' | (sleep 1; cat) | wc -l`,
    ).finished
    expect([stderr, stdout.trim()]).toEqual(['', '3000'])
  })
})
