/** `--output-delimiter`, `--bom`, `--values` and `--pretty`, and text that other programs can read. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const BOM = '\uFEFF'

describe('--output-delimiter', () => {
  test.each([
    [';', 'a;b', '"x;y"'],
    ['|', 'a|b', 'x;y'],
    ['tab', 'a\tb', 'x;y'],
    [',', 'a,b', 'x;y'],
  ])('%s is between the cells of CSV, and a cell with it is quoted', async (delimiter, header, cell) => {
    const { run, text, write } = await workplace((_, response) => response.end('{"a":"x;y","b":1}'))
    write('r.txt', 'URL/1\n')
    const columns = ['--select', 'a,b', '--columns', 'a,b']
    expect((await run(['-i', 'r.txt', ...columns, '-o', 'r.csv', '--output-delimiter', delimiter])).code).toBe(0)
    const between = delimiter === 'tab' ? '\t' : delimiter
    expect(text('r.csv')).toBe(`${header}\n${cell}${between}1\n`)
    const { stdout } = await run(['-i', 'r.txt', ...columns, '--output-format', 'csv', '--output-delimiter', delimiter])
    expect(stdout).toBe(`${header}\n${cell}${between}1\n`)
  })
})

describe('--bom', () => {
  test('begins CSV and TSV with a byte-order mark, once', async () => {
    const { run, text } = await workplace()
    expect((await run(['URL/1', '-o', 'r.csv', '-o', 'r.tsv', '--bom'])).code).toBe(0)
    for (const name of ['r.csv', 'r.tsv']) {
      expect(text(name).startsWith(`${BOM}index`)).toBe(true)
      expect(text(name).lastIndexOf(BOM)).toBe(0)
    }
  })
})

describe('--values', () => {
  test('writes what each successful request returned, one per line, to standard output and to files', async () => {
    const { run, text, write } = await workplace(({ url }, response) => {
      if (url === '/3') response.statusCode = 404
      response.end(url === '/2' ? 'text' : '{"n":12345678901234567890}')
    })
    write('r.txt', 'URL/1\nURL/2\nURL/3\n')
    const args = ['-i', 'r.txt', '--values', '--order', 'input', '--retries', '0']
    const { code, stdout, stderr } = await run([...args, '-o', '-', '-o', 'r.jsonl'])
    expect([code, stdout, text('r.jsonl')]).toEqual([1, ...Array(2).fill('{"n":12345678901234567890}\n"text"\n')])
    expect(stderr).toContain('1 failed')
    const picked = await run([...args, '--select', 'n'])
    expect(picked.stdout.split('\n')[0]).toBe('12345678901234567890')
  })

  test('writes each item, and leaves the run file whole', async () => {
    const { run, text, linesIn } = await workplace((_, response) => response.end('{"list":[{"a":1},{"a":2}]}'))
    const { code, stdout } = await run(['URL/1', '--items', 'list', '--values'])
    expect([code, stdout]).toEqual([0, '{"a":1}\n{"a":2}\n'])
    const args = ['URL/1', '--items', 'list', '--values', '-o', 'run.jsonl', '-o', 'items.jsonl', '--resume']
    expect((await run(args)).code).toBe(0)
    expect(text('items.jsonl')).toBe('{"a":1}\n{"a":2}\n')
    expect(linesIn('run.jsonl').map(({ value }) => value)).toEqual([{ list: [{ a: 1 }, { a: 2 }] }])
  })
})

describe('--pretty', () => {
  test('indents the JSON on standard output and nothing else', async () => {
    const { run, text } = await workplace((_, response) => response.end('{"a":[1]}'))
    const { code, stdout } = await run(['URL/1', '--pretty', '-o', '-', '-o', 'r.jsonl'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\{\n {2}"index": 0,\n[^]*\n {2}"value": \{\n {4}"a": \[\n/)
    expect((JSON.parse(stdout) as { value: unknown }).value).toEqual({ a: [1] })
    expect(text('r.jsonl')).toContain('"value":{"a":[1]}')
    expect((await run(['URL/1', '--pretty', '--values'])).stdout).toBe('{\n  "a": [\n    1\n  ]\n}\n')
  })
})

describe('A flag for the text of an output', () => {
  test.each([
    [['--output-delimiter', ';'], '--output-delimiter: expected an output in CSV, got none.'],
    [['--bom', '-o', 'r.jsonl'], '--bom: expected an output in CSV or TSV, got none.'],
    [['--values', '-o', 'r.csv'], '--values: expected JSON lines as an output, got none.'],
    [['--values', '-o', 'r.jsonl', '--resume'], '--values: expected JSON lines besides the run file'],
    [['--pretty', '-o', 'r.jsonl'], '--pretty: expected JSON on standard output, got none.'],
    [['--output-delimiter', ';;', '-o', 'r.csv'], '--output-delimiter: expected'],
  ])('that would change nothing is refused: %j', async (args, message) => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/1', ...args])
    expect([code, server.requests.length]).toEqual([2, 0])
    expect(stderr).toContain(message)
  })
})

describe('Half of a surrogate pair', () => {
  test('is written as U+FFFD with a warning in its row, so that other programs can read the file', async () => {
    const body = String.raw`{"lone":"\ud83d!","pair":"\ud83d\ude00","back":"\\ud83d"}`
    const { run, text, linesIn } = await workplace((_, response) => response.end(body))
    const { code, stdout } = await run(['URL/1', '-o', '-', '-o', 'r.jsonl', '--resume'])
    expect(code).toBe(0)
    const value = { lone: '\uFFFD!', pair: '\u{1F600}', back: String.raw`\ud83d` }
    for (const line of [JSON.parse(stdout) as object, linesIn('r.jsonl')[0]]) {
      expect(line).toMatchObject({ value, warnings: ['half of a surrogate pair was written as U+FFFD'] })
    }
    expect(text('r.jsonl')).not.toMatch(/(?<!\\)(?:\\\\)*\\ud/)
    const again = await run(['URL/1', '-o', '-', '-o', 'r.jsonl', '--resume'])
    expect(JSON.parse(again.stdout)).toMatchObject({ value })
    expect(again.stderr).toContain('1 of these restored')
    expect((await run(['URL/1', '--values'])).stdout).toBe(`${JSON.stringify(value)}\n`)
  })
})
