/** Existing outputs and several outputs at once, with the built binary. */
import { linkSync, lstatSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
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

describe('An existing output', () => {
  test('stays unchanged when a run is refused, wherever its input first differs from the run file', async () => {
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

  test('is replaced with --overwrite when the run has ended, but not by a refused run', async () => {
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

  test('behind a link is replaced, and the link stays', async () => {
    const { run, text, file } = await workplace()
    for (const ending of ['csv', 'jsonl']) {
      const [real, link] = [`real.${ending}`, `link.${ending}`]
      expect((await run(['URL/a', '-o', real])).code).toBe(0)
      symlinkSync(real, file(link))
      expect((await run(['URL/b', '-o', link, '--overwrite'])).code).toBe(0)
      expect([lstatSync(file(link)).isSymbolicLink(), text(real)]).toEqual([true, expect.stringContaining('/b')])
    }
    expect(readdirSync(file('.')).length).toBe(4)
  })

  test('is refused if it is also the input or another output, also through links', async () => {
    const { run, text, write, file, server } = await workplace()
    write('ids.csv', 'id\n1\n')
    symlinkSync('ids.csv', file('link.csv'))
    linkSync(file('ids.csv'), file('hard.csv'))
    for (const [from, to] of [
      ['link.csv', 'ids.csv'],
      ['ids.csv', 'hard.csv'],
    ] as const) {
      const { code, stderr } = await run(['URL/{id}', '-i', from, '-o', to, '--overwrite'])
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`-o: expected another file than the input, got ${to}`),
      ])
    }
    const { code, stderr } = await run(['URL/a', '-o', 'ids.csv', '-o', 'hard.csv', '--overwrite'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('-o: expected files that differ, got hard.csv twice')])
    expect([text('ids.csv'), server.requests]).toEqual(['id\n1\n', []])
  })

  test('and one that cannot be created are reported with the name of the flag', async () => {
    const { run, write, file } = await workplace()
    write('text.db', 'no database')
    symlinkSync('gone.csv', file('link.csv'))
    for (const to of ['text.db', 'link.csv']) {
      const { code, stderr } = await run(['URL/a', '-o', to, '--overwrite', '-q'])
      expect([code, stderr]).toEqual([
        74,
        expect.stringMatching(/^preq: cannot write -o \S+: .*\. (?:Choose|Make|Remove) /),
      ])
    }
  })

  test('is replaced, parts of killed runs are removed, and other files stay', async () => {
    const { run, write, file } = await workplace()
    const to = ['-o', 'r.jsonl', '-o', 'r.csv']
    expect((await run(['URL/old', ...to])).code).toBe(0)
    for (const name of ['r.csv.part', 'r.csv.0123abcd.part', 'r.jsonl.89abcdef.part', 'r.csv.mine.part'])
      write(name, 'x')
    symlinkSync('r.csv.mine.part', file('r.csv.aaaaaaaa.part'))
    expect((await run(['URL/new', ...to, '--overwrite'])).code).toBe(0)
    const left = ['r.csv', 'r.csv.aaaaaaaa.part', 'r.csv.mine.part', 'r.csv.part', 'r.jsonl']
    expect(readdirSync(file('.')).toSorted()).toEqual(left)
  })

  test('is removed again by a refused run that created it', async () => {
    const { run, write, file } = await workplace()
    write('broken.csv', 'id\n"1\n')
    const { code } = await run(['URL/{id}', '-i', 'broken.csv', '-o', 'r.csv', '-o', 'r.sqlite'])
    expect([code, readdirSync(file('.'))]).toEqual([2, ['broken.csv']])
  })
})

describe('Standard output', () => {
  test('gets every result in addition to files with -o -', async () => {
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

  test('is refused for -w and -o - together', async () => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', '-o', '-', '-w', '{url}'])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain('-w: expected no -o - beside it, got one')
  })
})

describe('A table of SQLite', () => {
  const PEOPLE = 'id,name,status\n1,"Ann ""A"", B",active\n2,Bob,idle\n'
  const SELECT = ['URL/{id}', '-i', 'p.csv', '--select', 'method, host: headers.host', '-o', 'r.sqlite']

  test('has the columns of the input and a column for each selected part', async () => {
    const { run, write, file, server } = await workplace()
    write('p.csv', PEOPLE)
    for (const again of [[], ['--overwrite']]) {
      expect((await run([...SELECT, '--order', 'input', ...again])).code).toBe(0)
      using database = new DatabaseSync(file('r.sqlite'))
      const rows = database.prepare('SELECT id, name, method, host, value, status FROM results').all()
      const host = `127.0.0.1:${server.port}`
      const value = JSON.stringify({ method: 'GET', host })
      expect(rows.map(row => ({ ...row }))).toEqual([
        { id: '1', name: 'Ann "A", B', method: 'GET', host, value, status: 200 },
        { id: '2', name: 'Bob', method: 'GET', host, value, status: 200 },
      ])
    }
  })

  test('has the columns of --columns', async () => {
    const { run, write, file } = await workplace()
    write('p.csv', PEOPLE)
    expect((await run([...SELECT, '--columns', 'index,name,host'])).code).toBe(0)
    using database = new DatabaseSync(file('r.sqlite'))
    const columns = database
      .prepare('PRAGMA table_info(results)')
      .all()
      .map(({ name }) => name)
    expect(columns.slice(-2)).toEqual(['name', 'host'])
  })
})

describe('--columns', () => {
  test('is refused if no output has columns', async () => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', '--columns', 'url'])
    expect([code, stderr, server.requests]).toEqual([
      2,
      expect.stringContaining('--columns: expected an output with'),
      [],
    ])
  })
})

describe('--select', () => {
  test.each([
    ['nosuch(name)', 'Unknown function: nosuch()'],
    ['a[?b == `1`].[length(c, d)]', 'Invalid arity: length()'],
    ['x: {a: b, c: nosuch(d)}', 'Unknown function: nosuch()'],
  ])('with %s is refused before anything is sent', async (path, why) => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', '--select', path])
    expect([code, stderr, server.requests]).toEqual([2, expect.stringContaining(why), []])
  })

  test('warns about a part that no value had', async () => {
    const { run } = await workplace()
    const { code, stderr } = await run(['URL/{1..2}', '--select', 'Method, url, l: length(body)'])
    expect([code, stderr]).toEqual([0, expect.stringContaining("warning: no value had 'Method' (--select)\n2 ok, 0")])
    expect((await run(['URL/{1..2}', '--select', 'method'])).stderr).not.toContain('warning')
  })
})

describe('--save', () => {
  const SAVE = ['URL/{1..3}.bin', '--save', 'dl']

  test('replaces whole files with --overwrite; without it, preq says what to do and sends nothing', async () => {
    const { run, text, file, write, server } = await workplace()
    expect((await run(SAVE)).code).toBe(0)
    write('dl/2.bin', 'older')
    const sent = server.requests.length
    const refused = await run(SAVE)
    expect([refused.code, server.requests.length]).toEqual([1, sent])
    // Each of the three files is looked at by itself, so any of them may be the example.
    expect(refused.stderr).toMatch(
      /cannot write \S*[123]\.bin: it exists \(EEXIST\)\. Move it away, save elsewhere, or set --overwrite/,
    )
    expect(text('dl/2.bin')).toBe('older')
    expect((await run([...SAVE, '--overwrite'])).code).toBe(0)
    expect(JSON.parse(text('dl/2.bin'))).toMatchObject({ url: '/2.bin' })
    expect(readdirSync(file('dl')).toSorted()).toEqual(['1.bin', '2.bin', '3.bin'])
  })

  test('keeps an existing file if its request fails, also with --overwrite', async () => {
    const { run, text } = await workplace()
    expect((await run(['URL/a', '--save', 'dl', '--name', 'x'])).code).toBe(0)
    const before = text('dl/x')
    expect((await run(['URL/status/404', '--save', 'dl', '--name', 'x', '--overwrite'])).code).toBe(1)
    expect(text('dl/x')).toBe(before)
  })

  test('with --resume fetches deleted files again, and nothing else', async () => {
    const { run, file, server } = await workplace()
    const args = [...SAVE, '-o', 'r.jsonl', '--resume']
    expect((await run(args)).code).toBe(0)
    rmSync(file('dl/2.bin'))
    const { code, stderr } = await run(args)
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('3 ok, 0 failed (2 of these restored from the run file)'),
    ])
    expect(readdirSync(file('dl')).toSorted()).toEqual(['1.bin', '2.bin', '3.bin'])
    expect(server.requests.map(({ url }) => url).slice(3)).toEqual(['/2.bin'])
    expect((await run(args)).stderr).toContain('(3 of these restored from the run file)')
  })

  test('with --resume gives no name twice', async () => {
    const { run, file, text } = await workplace()
    const to = ['--save', 'dl', '-o', 'r.jsonl', '--resume']
    expect((await run(['URL/{1..2}/x', ...to])).code).toBe(0)
    rmSync(file('dl/x~1'))
    expect((await run(['URL/{1..4}/x', ...to])).code).toBe(0)
    expect(readdirSync(file('dl')).toSorted()).toEqual(['x', 'x~1', 'x~2', 'x~3'])
    expect(JSON.parse(text('dl/x~3'))).toMatchObject({ url: '/4/x' })
  })

  test('has only path and bytes for --select', async () => {
    const { run, server, text } = await workplace()
    const refused = await run([...SAVE, '--select', 'id'])
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("expected 'path' or 'bytes' beside --save"),
    ])
    expect(server.requests).toEqual([])
    expect((await run(['URL/a', '--save', 'dl', '--select', 'path', '-o', 'r.csv', '--columns', 'path'])).code).toBe(0)
    expect(text('r.csv')).toMatch(/\/dl\/a\n$/)
  })

  test('is required by --name', async () => {
    const { run } = await workplace()
    expect(await run(['URL/a', '--name', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--name') as unknown,
    })
  })
})

describe('Secrets in URLs', () => {
  test('are redacted in columns, keys and tables, but not in data', async () => {
    const { run, write, text, file, server } = await workplace()
    write('s.csv', 'url,link,note\nURL/a?token=SECRET1,http://me:SECRET2@x.org/?api_key=SECRET3,plain token=4\n')
    const shows = ['--key', '{link}', '-w', '{url} {link} {row.url} {key} {note}\\n', '-v', '--select', 'method']
    const to = ['-o', 'r.csv', '-o', 'r.sqlite', '-o', 'r.jsonl']
    const { code, stdout, stderr } = await run(['-i', 's.csv', ...shows, ...to])
    expect([code, server.requests[0]?.url]).toEqual([0, '/a?token=SECRET1'])
    using database = new DatabaseSync(file('r.sqlite'))
    const rows = JSON.stringify(database.prepare('SELECT * FROM results').all())
    for (const shown of [stdout, stderr, text('r.csv'), text('r.jsonl'), rows]) expect(shown).not.toContain('SECRET')
    for (const shown of [stdout, text('r.csv'), rows]) expect(shown).toContain('plain token=4')
    expect(stdout).toContain('http://x.org/?api_key=***')
  })
})
