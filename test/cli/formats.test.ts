/** Formats that follow from the name of an input or output, and CSV with other delimiters. */
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'

describe('A delimiter', () => {
  test.each([
    ['of semicolons', 'rows.csv', 'id;name\n1;"a;b"\n', ';'],
    ['of bars', 'rows.csv', 'id|name\n1|a;b\n', '|'],
    ['of tabs in a file that is called otherwise', 'rows.csv', 'id\tname\n1\ta;b\n', '\\t'],
    ['of tabs by name', 'rows.txt', 'id\tname\n1\ta;b\n', 'tab'],
  ])('is read: %s', async (_what, name, content, delimiter) => {
    const { run, server, write } = await workplace()
    write(name, content)
    const format = name.endsWith('.csv') ? [] : ['--format', 'csv']
    expect((await run(['URL/{id}/{name}', '-i', name, '--delimiter', delimiter, ...format])).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/1/a%3Bb'])
  })

  test('makes preq read standard input as CSV', async () => {
    const { run, server } = await workplace()
    expect((await run(['URL/{id}', '-i', '-', '--delimiter', ';'], { stdin: 'id;name\n1;a\n' })).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/1'])
  })

  test.each([
    [
      'id;name\n1;a\n',
      [],
      "rows.csv:1: expected columns with commas between them, got one: 'id;name'. Add --delimiter ';'",
    ],
    ['id\tname\n1\ta\n', [], 'Add --format tsv'],
    ['id,name\n1,a\n', ['--delimiter', ';;'], "--delimiter: expected one character such as ';', or tab, got"],
    ['id,name\n1,a\n', ['--delimiter', ';', '--format', 'jsonl'], '--delimiter: expected a CSV input, got jsonl'],
  ])('that is missing, or given for another format, is reported: %j %j', async (content, args, why) => {
    const { run, server, write } = await workplace()
    write('rows.csv', content)
    const { code, stderr } = await run(['URL/{id}', '-i', 'rows.csv', ...args])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain(why)
  })
})

describe('A JSON array', () => {
  test('is read as requests, as rows of a template, and from standard input', async () => {
    const { run, server, write } = await workplace()
    write('rows.json', `[{"url": "URL/1", "json": {"n": 9007199254740993}},\n "URL/2"]`)
    expect((await run(['-i', 'rows.json'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/1', '/2'])
    expect(server.requests.find(({ url }) => url === '/1')?.body).toBe('{"n":9007199254740993}')
    write('ids.json', '[{"id": 3}, {"id": 4}]')
    expect((await run(['URL/{id}', '-i', 'ids.json'])).code).toBe(0)
    const stdin = '[{"id": 5}]'
    expect((await run(['URL/{id}', '-i', '-', '--format', 'json'], { stdin })).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/1', '/2', '/3', '/4', '/5'])
  })

  test('with a wrong element fails that element alone, and one that breaks off ends the run at its line', async () => {
    const { run, server, write } = await workplace()
    write('rows.json', `["URL/1",\n 7,\n "URL/2"]`)
    const one = await run(['-i', 'rows.json'])
    expect([one.code, server.requests.length]).toEqual([1, 2])
    expect(one.stderr).toContain('rows.json:2: expected a request such as')
    write('rows.json', `["URL/1",\n {"url": `)
    const other = await run(['-i', 'rows.json'])
    expect([other.code, server.requests.length]).toEqual([1, 3])
    expect(other.stderr).toContain('rows.json:2: expected the rest of the element that begins in line 2')
  })
})

describe('A file name', () => {
  test.each([
    ['-i', 'rows.parquet', 'expected a file that ends in .txt, .csv, .tsv, .jsonl or .json'],
    ['-o', 'out.parquet', '-o: expected a file that ends in .jsonl, .csv, .tsv or .sqlite, got out.parquet'],
    ['-o', 'out.json', 'JSON lines are .jsonl; jq -s makes one array of them'],
    ['-o', 'out.jsonl.gz', 'Write to standard output, and compress that: preq … | gzip > out.jsonl.gz'],
  ])('without a known format is refused: %s %s', async (flag, name, why) => {
    const { run, server, write } = await workplace()
    if (flag === '-i') write(name, '[]')
    const { code, stderr } = await run(['URL/{id}'.slice(0, flag === '-i' ? 8 : 3), flag, name])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain(why)
  })

  test('is ignored if a flag gives the format', async () => {
    const { run, server, write, linesIn } = await workplace()
    write('rows.data', '{"id":1}\n')
    const args = ['URL/{id}', '-i', 'rows.data', '--format', 'jsonl', '-o', 'out.data', '--output-format', 'jsonl']
    expect((await run(args)).code).toBe(0)
    expect([server.requests.length, linesIn('out.data').length]).toEqual([1, 1])
  })

  test('that ends in .gz gives the format of the compressed content', async () => {
    const { run, server, file } = await workplace()
    writeFileSync(file('a.csv.gz'), gzipSync('id\n1\n2\n'))
    writeFileSync(file('b.jsonl.gz'), gzipSync('{"id":3}\n'))
    expect((await run(['URL/{id}', '-i', 'a.csv.gz', '-i', 'b.jsonl.gz'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/1', '/2', '/3'])
    writeFileSync(file('c.csv.gz'), gzipSync('id\n1\n2\n').subarray(0, 15))
    const { code, stderr } = await run(['URL/{id}', '-i', 'c.csv.gz'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot read -i c.csv.gz to its end: ')])
  })
})

describe('Text', () => {
  test('that is not UTF-8 is refused with its line, and is read with --encoding', async () => {
    const { run, server, file } = await workplace()
    writeFileSync(file('rows.csv'), Buffer.from('name\nM\xfcller\n', 'latin1'))
    const args = ['URL/{name}', '-i', 'rows.csv']
    const { code, stderr } = await run(args)
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain('rows.csv:2: expected UTF-8, got invalid bytes. Name the encoding')
    expect((await run([...args, '--encoding', 'latin1'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/M%C3%BCller'])
    expect((await run([...args, '--encoding', 'latin-8'])).stderr).toContain(
      `--encoding: expected an encoding such as 'windows-1252', got "latin-8"`,
    )
  })

  test('with a line longer than --max-line fails only that request', async () => {
    const { run, server, write } = await workplace()
    write('urls.txt', `URL/a\nURL/${'b'.repeat(2_000)}\nURL/c\n`)
    const { code, stderr, lines } = await run(['-i', 'urls.txt', '--max-line', '1KiB'])
    expect([code, endsOf(lines)]).toEqual([1, ['ok', 'invalid_request/input', 'ok']])
    expect(stderr).toContain('urls.txt:2: expected a line of at most 1 KiB, got a longer one. Raise --max-line')
    expect(server.requests).toHaveLength(2)
  })
})

describe('A URL in a list', () => {
  test('may be followed by a comment, but a line that fills a template may not', async () => {
    const { run, server, write } = await workplace()
    write('urls.txt', 'URL/a # note\nURL/b#part\t# another\n')
    expect((await run(['-i', 'urls.txt'])).code).toBe(0)
    write('names.txt', 'Room #4\n')
    expect((await run(['URL/{line}', '-i', 'names.txt'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/Room%20%234', '/a', '/b'])
  })
})

describe('Tab-separated values', () => {
  test('are written without quotes, as they are read', async () => {
    const { run, server, text, write } = await workplace()
    write('in.csv', 'id,n\n1,"Say ""hi"", C:\\new"\n')
    expect((await run(['URL/{id}', '-i', 'in.csv', '-o', 'x.tsv', '--columns', 'id,n', '-q'])).code).toBe(0)
    expect(text('x.tsv')).toBe('id\tn\n1\tSay "hi", C:\\new\n')
    expect((await run(['URL/x{?n}', '-i', 'x.tsv', '-q'])).code).toBe(0)
    expect(server.requests.at(-1)?.url).toBe(`/x?n=${encodeURIComponent('Say "hi", C:\\new')}`)
  })
})

describe('A URL argument with JSON lines', () => {
  test('is used for the lines without a URL', async () => {
    const { run, server, write } = await workplace()
    write('jobs.jsonl', '{"json":{"a":1}}\n{"url":"URL/own","json":2}\n')
    expect((await run(['URL/all', '-i', 'jobs.jsonl'])).code).toBe(0)
    const seen = server.requests.map(({ url, body }) => `${url} ${body}`)
    expect(seen.toSorted()).toEqual(['/all {"a":1}', '/own 2'])
  })
})
