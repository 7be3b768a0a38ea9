/** The outputs of `preq`: formats, files and exit codes of the built binary, in a folder of its own. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { open } from './repositories.ts'

const TEMPLATE = ['URL/stars/{name}', '-i', 'repos.csv', '--key', 'name']

describe('An output', () => {
  test('named .jsonl gets JSON lines in the format of a run file', async () => {
    const { preq, lines } = await open()
    const { code, stdout } = await preq(['URL/a', 'URL/status/404', '-o', 'r.jsonl'])
    expect([code, stdout]).toEqual([1, ''])
    expect(lines('r.jsonl').toSorted((a, b) => Number(a['index']) - Number(b['index']))).toMatchObject([
      { v: 2, index: 0, id: '#0', ok: true, status: 200, value: { path: '/a' } },
      { v: 2, index: 1, id: '#1', ok: false, status: 404, error: { code: 'http/404' } },
    ])
  })

  test('of --save is one file per body, named by --name, the key or the URL, and its line has the path', async () => {
    const { preq, text, file, lines } = await open()
    const named = await preq(['URL/stars/{name}', '-i', 'repos.csv', '--save', 'out', '--name', '../{name}.json'])
    expect([named.code, named.stdout.trimEnd().split('\n').length]).toEqual([0, 2])
    expect(readdirSync(file('out')).toSorted()).toEqual(['%2E.%2Falpha.json', '%2E.%2Fbe.json'])
    expect(JSON.parse(text('out/%2E.%2Fbe.json'))).toMatchObject({ stars: 2 })
    const keyed = await preq([...TEMPLATE, '--save', 'keyed', '-o', 'r.jsonl', '--resume'])
    expect([keyed.code, keyed.stdout]).toEqual([0, ''])
    expect(readdirSync(file('keyed')).toSorted()).toEqual(['alpha', 'be'])
    const values = lines('r.jsonl').map(({ value }) => value as { path: string; bytes: number })
    for (const { path, bytes } of values) expect(statSync(path).size).toBe(bytes)
    // Requests whose bodies are saved are not sent again.
    expect((await preq([...TEMPLATE, '--save', 'keyed', '-o', 'r.jsonl', '--resume'])).code).toBe(0)
    const plain = await preq(['URL/a/x.txt', 'URL/b/x.txt', 'URL/status/404', '--save', 'out', '-c', '1'])
    expect(plain.code).toBe(1)
    expect(readdirSync(file('out')).toSorted().slice(2)).toEqual(['x.txt', 'x~1.txt'])
    expect((await preq(['URL/a', '--save', 'repos.csv'])).code).toBe(74)
  })

  test('in CSV has the columns of the input, the selected parts and the errors', async () => {
    const { preq, rows } = await open()
    const { code } = await preq([...TEMPLATE, '--select', 'stars, id: owner.id', '-o', 's.csv', '--order', 'input'])
    expect(code).toBe(0)
    expect(rows('s.csv')).toMatchObject([
      { index: '0', key: 'alpha', owner: 'ann', name: 'alpha', status: '200', stars: '5', id: 'id-alpha', error: '' },
      { index: '1', key: 'be', owner: 'bob', name: 'be', status: '200', stars: '2', id: 'id-be', error: '' },
    ])
  })

  test('in CSV quotes quotes, commas and line ends, so that it reads back unchanged', async () => {
    const { preq, file, rows } = await open()
    const cells = ['a "b", c', 'two\nlines', ' blank ', '=1+1']
    const quoted = cells.map((cell, at) => `${at},"${cell.replaceAll('"', '""')}"\n`)
    writeFileSync(file('odd.csv'), `id,text\n${quoted.join('')}`)
    const args = ['URL/text/{id}', '-i', 'odd.csv', '--columns', 'id,text,value', '-o', 'r.csv', '--order', 'input']
    expect((await preq(args)).code).toBe(0)
    expect(rows('r.csv')).toEqual(cells.map((text, at) => ({ id: String(at), text, value: 'plain' })))
  })

  test('named .tsv has the columns of --columns in the given order', async () => {
    const { preq, text } = await open()
    const args = [...TEMPLATE, '--select', 'stars', '--columns', 'stars,owner', '--order', 'input', '-o', 's.tsv']
    expect((await preq(args)).code).toBe(0)
    expect(text('s.tsv')).toBe('stars\towner\n5\tann\n2\tbob\n')
  })

  test('named .sqlite is a table of SQLite', async () => {
    const { preq, file } = await open()
    expect((await preq([...TEMPLATE, '--select', 'stars', '-o', 's.sqlite'])).code).toBe(0)
    using database = new DatabaseSync(file('s.sqlite'))
    const found = database.prepare('SELECT key, value FROM results ORDER BY "index"').all()
    expect(found.map(row => ({ ...row }))).toEqual([
      { key: 'alpha', value: '5' },
      { key: 'be', value: '2' },
    ])
  })

  test('may be several files at once', async () => {
    const { preq, rows, lines } = await open()
    expect((await preq([...TEMPLATE, '-o', 'a.jsonl', '-o', 'b.csv'])).code).toBe(0)
    expect([lines('a.jsonl').length, rows('b.csv').length]).toEqual([2, 2])
  })

  test('on standard output has the format of --output-format', async () => {
    const { preq } = await open()
    const { stdout } = await preq([
      'URL/stars/abc',
      '--output-format',
      'csv',
      '--select',
      'stars',
      '--columns',
      'stars',
    ])
    expect(stdout).toBe('stars\n3\n')
  })

  test('of -w is a line from a template', async () => {
    const { preq, server } = await open()
    const { stdout } = await preq([...TEMPLATE, '-w', '{status} {owner} {url}\\n', '-c', '1'])
    expect(stdout).toBe(`200 ann ${server.origin}/stars/alpha\n200 bob ${server.origin}/stars/be\n`)
  })

  test('with --select has the selected part instead of the value', async () => {
    const { preq } = await open()
    const { stdout } = await preq(['URL/stars/abc', '--select', 'owner.id'])
    expect(JSON.parse(stdout)).toMatchObject({ value: 'id-abc' })
  })
})

describe('An output', () => {
  test.each<[string, string[], number, string]>([
    [
      'exists',
      ['-o', 'repos.csv'],
      2,
      'cannot write -o repos.csv: it exists (EEXIST). Add --overwrite, or write to another file.',
    ],
    ['exists, beside a run file', ['-o', 'repos.csv', '-o', 'r.jsonl'], 2, 'Add --resume or --overwrite, or write'],
    ['is there twice', ['-o', 'r.csv', '-o', './r.csv'], 2, 'expected files that differ, got ./r.csv twice'],
    [
      'is in a missing folder',
      ['-o', 'none/r.csv'],
      74,
      'cannot write -o none/r.csv: no such folder (ENOENT). Make none first.',
    ],
    ['is a folder', ['-o', 'folder'], 74, 'cannot write -o folder: it is a folder (EISDIR). Add a name to it.'],
    ['is the input', ['-i', 'repos.csv', '-o', './repos.csv', '--overwrite'], 2, 'got ./repos.csv for both'],
    ['cannot be resumed', ['--resume', '-o', 'r.csv'], 2, '--resume: expected -o FILE.jsonl'],
    ['has an unknown column', ['-o', 'r.csv', '--columns', 'statuss'], 2, "Did you mean 'status'?"],
    ['has an unknown field', ['-w', '{statsu}'], 2, 'Did you mean {status}?'],
    ['has an invalid path', ['-o', 'r.csv', '--select', 'a['], 2, '--select: expected a path of JMESPath'],
  ])('that %s is refused before anything is sent', async (_what, args, exitCode, why) => {
    const { preq, file, server, text } = await open()
    mkdirSync(file('folder'))
    const { code, stdout, stderr } = await preq(['URL/a', ...args])
    expect([code, stdout, server.seen]).toEqual([exitCode, '', []])
    expect(stderr).toContain(why)
    expect(text('repos.csv')).toContain('ann,alpha')
  })

  test('is replaced with --overwrite', async () => {
    const { preq, text } = await open()
    expect((await preq(['URL/a', '-o', 'repos.csv', '--overwrite', '--columns', 'status'])).code).toBe(0)
    expect(text('repos.csv')).toBe('status\n200\n')
  })
})

describe('An input that fails in the middle', () => {
  test('is reported with its line, the results so far are written, and the exit code is 1', async () => {
    const { preq, file, rows } = await open()
    writeFileSync(file('broken.csv'), 'id\n1\n2\n"3\n')
    const { code, stderr } = await preq(['URL/{id}', '-i', 'broken.csv', '-o', 'r.csv'])
    expect([code, new Set(rows('r.csv').map(row => row['id']))]).toEqual([1, new Set(['1', '2'])])
    expect(stderr).toMatch(/^preq: broken\.csv:4: expected a quote that closes the cell, got the end of the input/m)
    expect(stderr).toContain('2 ok, 0 failed')
  })
})

describe('The exit code', () => {
  test.each([
    [['URL/a'], 0],
    [['URL/a', 'URL/status/500', '--retries', '0'], 1],
    [['URL/a', '--nope'], 2],
  ])('of %j is %d', async (args, exitCode) => {
    const { preq } = await open()
    expect((await preq(args)).code).toBe(exitCode)
  })
})

describe('A run', () => {
  test('treats the statuses of --accept as success', async () => {
    const { preq } = await open()
    const args = ['URL/status/404', 'URL/status/410', 'URL/a', '--accept', '2xx,404', '--order', 'input', '-w', '{ok} ']
    const { code, stdout } = await preq(args)
    expect([code, stdout]).toEqual([1, 'true false true '])
    expect((await preq(['URL/a', '--accept', '2xx,abc'])).stderr).toContain('--accept: expected statuses such as')
  })

  test('stops after the first failure with --fail-fast', async () => {
    const { preq, server } = await open()
    const { code } = await preq(['URL/status/404', 'URL/slow/{1..50}', '-c', '1', '--fail-fast'])
    expect(code).toBe(1)
    expect(server.seen.length).toBeLessThan(5)
  })

  test('reads secrets from the environment and from files, and prints none of them', async () => {
    const { preq, server, file } = await open()
    writeFileSync(file('token'), 'tok-from-file\n')
    writeFileSync(file('headers'), '# mine\nx-api-key: key-from-file\n')
    const args = ['URL/a?access_token=tok-in-url', '--bearer', 'env:MY_TOKEN', '-H', '@headers', '-v']
    const first = await preq(args, { MY_TOKEN: 'tok-from-env' })
    const second = await preq(['URL/status/404', '--bearer', '@token', '-v'])
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer tok-from-env',
      'Bearer tok-from-file',
    ])
    expect(server.seen[0]?.headers['x-api-key']).toBe('key-from-file')
    const printed = [first.stdout, first.stderr, second.stdout, second.stderr].join('')
    for (const secret of ['tok-from-env', 'tok-from-file', 'key-from-file']) expect(printed).not.toContain(secret)
    // The echo of the server is data and is not redacted.
    expect(first.stderr).not.toContain('tok-in-url')
  })

  test('reads settings from a file, overridden by the environment, overridden by flags', async () => {
    const { preq, server, file } = await open()
    writeFileSync(file('preq.json'), JSON.stringify({ 'user-agent': 'file', header: ['x-a: file'], param: ['p=file'] }))
    await preq(['URL/a', '-H', 'x-a: flag', '-q'], { PREQ_USER_AGENT: 'env', PREQ_HEADER: 'x-a: env' })
    expect(server.seen).toMatchObject([{ path: '/a?p=file', headers: { 'user-agent': 'env', 'x-a': 'flag' } }])
    writeFileSync(file('preq.json'), '{"retires": 1}')
    const { code, stderr } = await preq(['URL/a'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('preq.json: retires: expected the name of a flag')])
  })
})
