/** Outputs of two runs at once, on a full disk, lost during the run, and behind a pipe. */
import { readFileSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const TO_ALL = ['-o', 'r.jsonl', '-o', 'r.csv', '-o', 'r.sqlite', '--resume']

function rowsIn(path: string): unknown {
  using database = new DatabaseSync(path)
  return database.prepare('SELECT count(*) AS rows FROM results').get()?.['rows']
}

describe('An existing output', () => {
  test('stays unchanged by a second run on the same run file, and the first run continues', async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { start, run, text, server } = await workplace(({ url }, response) => {
      if (url === '/12') void over.then(() => response.end('{}'))
      else response.end('{}')
    })
    const args = ['URL/{1..12}', ...TO_ALL]
    const first = start(args)
    await expect.poll(() => server.requests.length).toBe(12)
    expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('locked') as unknown })
    end()
    expect((await first.finished).code).toBe(0)
    expect(text('r.csv').trim().split('\n').length).toBe(13)
  })

  test('is replaced by one run at a time: a second run is refused, and the first continues', async () => {
    for (const to of ['r.csv', 'r.sqlite']) {
      const { promise: over, resolve: end } = Promise.withResolvers<void>()
      const { start, run, text, file, server } = await workplace(({ url }, response) => {
        if (url === '/12') void over.then(() => response.end('{}'))
        else response.end('{}')
      })
      expect((await run(['URL/0', '-o', to])).code).toBe(0)
      const first = start(['URL/{1..12}', '-o', to, '--overwrite'])
      await expect.poll(() => server.requests.length).toBe(13)
      const second = await run(['URL/other', '-o', to, '--overwrite'])
      expect(second).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(new RegExp(`^preq: -o: ${to} is locked`)) as unknown,
      })
      expect(server.requests.length).toBe(13)
      end()
      expect((await first.finished).code).toBe(0)
      expect(to === 'r.csv' ? text(to).trim().split('\n').length - 1 : rowsIn(file(to))).toBe(12)
      expect(readdirSync(file('.'))).toEqual([to])
    }
  })

  test('and the files beside it stay unchanged while --overwrite writes the new one', async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { start, run, write, text, file, server } = await workplace(({ url }, response) => {
      if (url === '/new') void over.then(() => response.end('{}'))
      else response.end('{}')
    })
    const to = ['-o', 'r.jsonl', '-o', 'r.csv']
    expect((await run(['URL/old', ...to])).code).toBe(0)
    const before = [text('r.jsonl'), text('r.csv')]
    write('r.jsonl.before', 'mine')
    write('victim', 'precious')
    symlinkSync('victim', file('r.csv.part'))
    const running = start(['URL/new', ...to, '--overwrite'])
    await expect.poll(() => server.requests.length).toBe(2)
    expect([text('r.jsonl'), text('r.csv')]).toEqual(before)
    end()
    expect((await running.finished).code).toBe(0)
    expect([text('r.jsonl'), text('r.csv')]).toEqual([expect.stringContaining('/new'), expect.stringContaining('/new')])
    expect([text('r.jsonl.before'), text('victim')]).toEqual(['mine', 'precious'])
    expect(readdirSync(file('.')).toSorted()).toEqual(['r.csv', 'r.csv.part', 'r.jsonl', 'r.jsonl.before', 'victim'])
  })

  test('stays unchanged when a run with --overwrite fails, and a message says where the new rows are', async () => {
    const { run, shell, text, file } = await workplace()
    for (const name of ['r.csv', 'r.jsonl']) {
      expect((await run(['URL/old', '-o', name])).code).toBe(0)
      const before = text(name)
      // Limits files to 16 KiB, as if the disk were full in the middle of the run.
      const { code, stderr } = await shell(`ulimit -f 16; preq 'URL/{1..2000}' -o ${name} --overwrite -q`).finished
      expect([code, text(name)]).toEqual([74, before])
      expect(stderr).toMatch(
        new RegExp(`^preq: ${name} is unchanged\\. The new results are in \\S*${name}\\.part\\.$`, 'm'),
      )
      expect(text(`${name}.part`)).toContain('/1')
      rmSync(file(`${name}.part`))
    }
  })

  test.each([
    ['r.jsonl', 'deleted', (path: string) => rmSync(path), /copied to \S+r\.jsonl\.part/],
    ['r.csv', 'cut', (path: string) => truncateSync(path, 1), /1 of \d+ bytes are left/],
    ['r.sqlite', 'moved', (path: string) => renameSync(path, `${path}.away`), /moved or replaced during the run/],
  ])('that is lost during the run gives exit code 74: %s, %s', async (to, _how, lose, where) => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const { start, file, server } = await workplace(({ url }, response) => {
      if (url === '/2') void over.then(() => response.end('{}'))
      else response.end('{}')
    })
    const running = start(['URL/{1..2}', '-c', '1', '-o', to])
    await expect.poll(() => server.requests.length).toBe(2)
    await expect.poll(() => readFileSync(file(to)).length).toBeGreaterThan(1)
    lose(file(to))
    end()
    const { code, stderr } = await running.finished
    expect([code, stderr]).toEqual([74, expect.stringMatching(where)])
  })
})

describe('Standard output', () => {
  test('is recognized by its names in /dev, and is appended to', async () => {
    const { shell, text } = await workplace()
    const script = `echo one > log; preq URL/a -o /dev/stdout --output-format tsv -q >> log; preq URL/b -o /dev/fd/1 -q | wc -l`
    expect((await shell(script).finished).stdout.trim()).toBe('1')
    expect(text('log')).toMatch(/^one\nindex\turl.*\n0\t.*\n$/)
  })

  test('takes lines of -w from many requests without a warning about listeners, however slowly it is read', async () => {
    const { shell } = await workplace()
    const { stderr, stdout } = await shell(
      `preq 'URL/{1..3000}' -q -c 100 -w '{url} ${'x'.repeat(2_000)}\n' | (sleep 1; cat) | wc -l`,
    ).finished
    expect([stderr, stdout.trim()]).toEqual(['', '3000'])
  })
})
