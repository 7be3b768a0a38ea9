/** `--items`, `--max-items`, `--max-pages` and `--max-depth` of the built command line. */
import { expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { rowsOf } from '../sinks/rows-of.ts'

/** `/p/N` has three items, `/none` has null, `/text` has a text, and other paths end with 404. */
const lists = () =>
  workplace(({ url }, response) => {
    const [, kind, number = '0'] = /^\/(p|none|text)(?:\/(\d+))?/.exec(url) ?? []
    const items = [1, 2, 3].map(n => ({ n: Number(number) * 10 + n, 'full name': `${number}-${n}` }))
    if (kind === undefined) response.statusCode = 404
    response.end(JSON.stringify({ data: kind === 'p' ? items : kind === 'text' ? 'text' : null }))
  })

test('--items makes a line of each item of a list, and of each failure', async () => {
  const { run } = await lists()
  const { code, lines, stderr } = await run(['URL/p/{1..2}', 'URL/gone', '--items', 'data', '--order', 'input'])
  expect(lines.map(line => [line.index, (line.value as { n: number } | undefined)?.n, line.error?.code])).toEqual([
    [0, 11, undefined],
    [0, 12, undefined],
    [0, 13, undefined],
    [1, 21, undefined],
    [1, 22, undefined],
    [1, 23, undefined],
    [2, undefined, 'http/404'],
  ])
  expect(lines[4]).toMatchObject({ id: '#1[1]', parent: '#1', item: 1 })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^2 ok, 1 failed, 6 items in /m)
})

test('--select, --columns and -w apply to each item', async () => {
  const { run, file, text } = await lists()
  const select = ['--items', 'data', '--select', 'n, name: "full name"']
  const shown = await run(['URL/p/1', ...select, '-q'])
  expect(shown.lines.map(({ value }) => value)).toEqual([
    { n: 11, name: '1-1' },
    { n: 12, name: '1-2' },
    { n: 13, name: '1-3' },
  ])
  await run(['URL/p/1', ...select, '-q', '-o', 'out.csv', '-o', 'out.tsv', '-o', 'out.sqlite', '-o', 'out.jsonl'])
  expect(text('out.csv')).toMatch(/^index,request_id,url,status,n,name,error\n0,#0\[0\],http[^,]+,200,11,1-1,\n/)
  expect(text('out.tsv').split('\n')).toHaveLength(5)
  expect(rowsOf(file('out.sqlite')).map(row => [row['request_id'], row['item_number'], row['n']])).toEqual([
    ['#0[0]', 0, 11],
    ['#0[1]', 1, 12],
    ['#0[2]', 2, 13],
  ])
  expect(text('out.jsonl').trimEnd().split('\n')).toHaveLength(3)
  const written = await run(['URL/p/1', ...select, '-q', '-w', '{request_id} {parent_id} {item_number} {n}\\n'])
  expect(written.stdout).toBe('#0[0] #0 0 11\n#0[1] #0 1 12\n#0[2] #0 2 13\n')
  const chosen = await run(['URL/p/1', ...select, '-q', '--output-format', 'csv', '--columns', 'item_number,name'])
  expect(chosen.stdout).toBe('item_number,name\n0,1-1\n1,1-2\n2,1-3\n')
})

test('with --resume the run file has whole responses, and every other output has each item once', async () => {
  const { run, server, text, linesIn } = await lists()
  const args = [
    'URL/p/{1..2}',
    '--items',
    'data',
    '-o',
    'run.jsonl',
    '-o',
    'items.jsonl',
    '-o',
    'items.csv',
    '--resume',
  ]
  await run([...args, '--limit', '1'])
  expect(linesIn('items.jsonl')).toHaveLength(3)
  const { stderr } = await run(args)
  expect(stderr).toMatch(/^2 ok, 0 failed \(1 of these restored from the run file\), 6 items in /m)
  expect(server.requests).toHaveLength(2)
  expect(linesIn('run.jsonl').map(({ value }) => (value as { data: unknown[] }).data)).toHaveLength(2)
  expect(linesIn('items.jsonl').map(({ value }) => (value as { n: number }).n)).toEqual([11, 12, 13, 21, 22, 23])
  expect(text('items.csv').trimEnd().split('\n')).toHaveLength(7)
})

test('a run file that would be the only output of --items is refused, as is a file of items that should be resumed', async () => {
  const { run, server } = await lists()
  const alone = await run(['URL/p/1', '--items', 'data', '-o', 'run.jsonl', '--resume'])
  expect([alone.code, alone.stderr]).toEqual([
    2,
    expect.stringContaining('expected an output for the rows besides the run file'),
  ])
  expect(server.requests).toHaveLength(0)
  await run(['URL/p/1', '--items', 'data', '-o', 'items.jsonl'])
  const again = await run(['URL/p/1', '--items', 'data', '-o', 'items.jsonl', '-o', 'more.csv', '--resume'])
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('is not a run file')])
})

test('null has no items and no row, and a text is refused', async () => {
  const { run } = await lists()
  const none = await run(['URL/none', '--items', 'data'])
  expect([none.code, none.stdout]).toEqual([0, ''])
  expect(none.stderr).toContain("warning: no response had a list at 'data' (--items)\n")
  expect(none.stderr).toMatch(/^1 ok, 0 failed, 0 items in /m)
  const odd = await run(['URL/text', '--items', 'data'])
  expect([odd.code, odd.lines.map(({ error }) => error?.code)]).toEqual([1, ['follow/items']])
})

test('a path of --items that is no JMESPath is refused before anything is sent', async () => {
  const { run, server } = await lists()
  const { code, stderr } = await run(['URL/p/1', '--items', 'data['])
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^preq: --items: expected a path of JMESPath, got 'data\['/),
  ])
  expect(server.requests).toHaveLength(0)
})

test('--max-items counts the items of each request of the input', async () => {
  const { run } = await lists()
  const { lines } = await run(['URL/p/{1..2}', '--items', 'data', '--max-items', '2', '-q', '--order', 'input'])
  expect(lines.map(({ value }) => (value as { n: number }).n)).toEqual([11, 12, 21, 22])
})

test.each([
  [['--max-items', '0'], '--max-items: expected an integer ≥ 1'],
  [['--max-pages', 'many'], '--max-pages: expected an integer ≥ 1'],
  [['--max-depth', '0'], '--max-depth: expected an integer ≥ 1'],
])('%j is refused', async (flags, message) => {
  const { run } = await lists()
  const { code, stderr } = await run(['URL/p/1', '--items', 'data', ...flags])
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
})

test('records of --json-progress count the items', async () => {
  const { run } = await lists()
  const { stderr } = await run(['URL/p/1', '--items', 'data', '--json-progress'])
  expect(stderr).toContain('"items":3,"complete":true')
})
