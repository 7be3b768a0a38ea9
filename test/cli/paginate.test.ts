/** `--paginate` and the flags of its styles, of the built command line. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Line } from './workplace.ts'
import { DIALECTS } from '../support/paged-api/dialects.ts'
import type { Dialect, DialectName } from '../support/paged-api/dialects.ts'
import { pagedApi } from '../support/paged-api/server.ts'

const NAMES = Object.keys(DIALECTS) as DialectName[]

const FLAGS: Readonly<Record<string, string>> = {
  style: '--paginate',
  next: '--next',
  param: '--page-param',
  total: '--total',
  size: '--page-size',
  sizeParam: '--page-size-param',
}

/** The arguments that read the API. */
async function argsFor(
  name: DialectName,
  options = {},
): Promise<readonly [string[], Awaited<ReturnType<typeof pagedApi>>]> {
  const api = await pagedApi(name, options)
  const { paginate, items, body }: Dialect = api.dialect
  const fields = typeof paginate === 'string' ? { style: paginate } : paginate
  const flags = Object.entries(fields).flatMap(([field, value]) => [FLAGS[field] as string, String(value)])
  return [[api.url, ...flags, '--items', items, ...(body === undefined ? [] : ['--json', JSON.stringify(body)])], api]
}

const numbersOf = (lines: readonly Line[]): unknown[] =>
  lines.map(({ value }) => (value as { n: number } | undefined)?.n)

describe('Every item is read once and in order', () => {
  test.each(NAMES)('from %s', async name => {
    const { run } = await workplace()
    const [args, api] = await argsFor(name)
    const { code, stderr, stdout } = await run([...args, '--order', 'input', '--select', 'n', '-w', '{n}\\n'])
    expect(stdout).toBe(
      api
        .numbers()
        .map(n => `${n}\n`)
        .join(''),
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/^\d ok, 0 failed, \d of these followed from 1 request, 25 items in /m)
  })
})

test('a resumed run asks for the missing pages only, and writes each item once', async () => {
  const { run, linesIn } = await workplace()
  const [args, api] = await argsFor('github', { fail: { page: 2, times: 1 } })
  const more = ['--retries', '0', '-o', 'run.jsonl', '-o', 'items.jsonl', '--resume']
  const first = await run([...args, ...more])
  expect(first.code).toBe(1)
  expect(first.stderr).toContain('page=3')
  expect(numbersOf(linesIn('items.jsonl')).filter(n => n !== undefined)).toEqual(api.numbers().slice(0, 20))
  const second = await run([...args, ...more, '--retry-failed'])
  expect(second.stderr).toMatch(/^3 ok, 0 failed \(2 of these restored from the run file\), .*, 25 items in /m)
  expect(numbersOf(linesIn('items.jsonl'))).toEqual(api.numbers())
  expect(api.asked).toEqual([0, 1, 2, 2])
})

test('a page whose cursor has expired since an earlier run is named, with the command that begins anew', async () => {
  const { run } = await workplace()
  const [args] = await argsFor('shopify', { fail: { page: 1, times: 1 }, expiredAt: 1 })
  const more = ['--retries', '0', '-o', 'run.jsonl', '-o', 'items.jsonl', '--resume']
  await run([...args, ...more])
  const { code, stderr } = await run([...args, ...more, '--retry-failed'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/page_info=.*its cursor comes from an earlier run and may have expired.* \(http\/400\)/)
  expect(stderr).toMatch(
    /^next, to begin at the first pages again, because of a page whose cursor may have expired:\n {2}mv run\.jsonl run\.jsonl\.old && preq http.* --resume$/m,
  )
  expect(stderr).not.toContain('--retry-only')
})

test('--max-pages fails with the number that was allowed, --max-items ends without a failure', async () => {
  const { run } = await workplace()
  const [args] = await argsFor('github')
  const many = await run([...args, '--max-pages', '2'])
  expect([many.code, many.lines.at(-1)?.error?.code]).toEqual([1, 'follow/too_many'])
  expect(many.stderr).toContain(
    'more than 2 pages. Raise --max-pages to follow them, or set --max-items to end without a failure',
  )
  const [again, api] = await argsFor('github')
  const few = await run([...again, '--max-items', '12', '-q'])
  expect([few.code, numbersOf(few.lines)]).toEqual([0, api.numbers().slice(0, 12)])
})

test('without --items, rows are pages, and a file of JSON lines is a run file', async () => {
  const { run, linesIn, text } = await workplace()
  const [args, api] = await argsFor('github')
  const pages = [args[0] as string, '--paginate', 'link', '-o', 'run.jsonl', '-o', 'pages.csv']
  await run(pages)
  expect(linesIn('run.jsonl').map(line => (line as { id?: string }).id)).toEqual(['#0', '#0/1', '#0/2'])
  expect(text('pages.csv')).toMatch(/^index,request_id,url,/)
  await run([...pages, '--resume'])
  expect(api.asked).toEqual([0, 1, 2])
})

test('--paginate auto says what it has found', async () => {
  const { run } = await workplace()
  const [args] = await argsFor('github')
  const { stderr } = await run([args[0] as string, '--paginate', 'auto', '--items', '@'])
  expect(stderr).toMatch(/^warning, 1 request: .*link/im)
})

test('preq plan says that pages are not counted', async () => {
  const { run } = await workplace()
  const [args, api] = await argsFor('github')
  const { stdout } = await run(['plan', ...args])
  expect(stdout).toContain('\nnot counted, because they depend on the responses: further pages of --paginate\n')
  expect(api.asked).toEqual([])
})

test('pages come before the stages of --then', async () => {
  const { run } = await workplace(({ url }, response) => response.end(JSON.stringify({ at: url })))
  const [args] = await argsFor('github')
  const { lines, stderr } = await run([...args, '--then', 'URL/item/{value.n}'])
  expect(lines).toHaveLength(25)
  expect(new Set(lines.map(({ value }) => (value as { at: string }).at)).size).toBe(25)
  expect(stderr).toMatch(/^28 ok, 0 failed, 27 of these followed from 1 request in /m)
})

test.each([
  [
    ['--paginate', 'cursor'],
    '--next: expected a path to the cursor or to the next URL, got none. Set --next to where the cursor is, and --page-param to the field that takes it.',
  ],
  [
    ['--paginate', 'odata', '--total', 'n'],
    "--total: expected a field that the style 'odata' uses, got one that it does not. Leave it out.",
  ],
  [['--paginate', 'link', '--next', 'n'], '. It uses --page-size, --page-size-param, --items.'],
  [['--paginate', 'mediawiki', '--page-size', '5'], '--page-size-param: expected a name'],
  [
    ['--paginate', 'link', '--page-size-param', 'n'],
    '--page-size-param: expected a size beside it, got none. Set --page-size, or leave it out.',
  ],
  [['--next', 'n'], '--next: expected --paginate STYLE beside it, got none. Add it.'],
  [['--paginate', 'links'], "Did you mean 'link'?"],
  [['--paginate', 'cursor', '--next', 'a['], "--next: expected a path of JMESPath, got 'a['"],
])('%j is refused before anything is sent', async (flags, message) => {
  const { run, server } = await workplace()
  const { code, stderr } = await run(['URL/a', ...flags])
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  expect(server.requests).toHaveLength(0)
})
