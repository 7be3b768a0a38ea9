/** The inputs of `preq`: runs the built binary with files in a folder of its own against a server that records. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { sandbox } from './sandbox.ts'

interface Line {
  readonly index: number
  readonly key?: string
  readonly ok: boolean
  readonly value?: { readonly method: string; readonly path: string; readonly body: string }
  readonly error?: { readonly code: string; readonly message: string }
}

const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
    .toSorted((a, b) => a.index - b.index)

/** Runs preq with these files in its folder, and with the server's origin for `URL` in its arguments. */
async function run(args: readonly string[], files: Readonly<Record<string, string | Uint8Array>> = {}, stdin = '') {
  await using server = await api()
  const { folder, preq } = sandbox(onTestFinished)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content.replaceAll('URL', server.origin) : content)
  }
  const filled = (text: string): string => text.replaceAll('URL', server.origin)
  const { code, stdout, stderr } = await preq(args.map(filled), { stdin: filled(stdin) })
  return { code, stdout, stderr, seen: [...server.seen], origin: server.origin }
}

const pathsOf = ({ seen }: Awaited<ReturnType<typeof run>>): string[] => seen.map(({ path }) => path).toSorted()

describe('URLs', () => {
  test('may be arguments, and their results are JSON lines on stdout', async () => {
    const { code, stdout } = await run(['URL/a', 'URL/b?x=1'])
    const lines = linesOf(stdout)
    expect(code).toBe(0)
    expect(lines.map(({ ok, value }) => [ok, value?.path])).toEqual([
      [true, '/a'],
      [true, '/b?x=1'],
    ])
  })

  test.each([
    ['URL/{1..3}', ['/1', '/2', '/3']],
    ['URL/{08..10}', ['/08', '/09', '/10']],
    ['URL/{6..1..2}', ['/2', '/4', '/6']],
    ['URL/{1..2}/{1..2}', ['/1/1', '/1/2', '/2/1', '/2/2']],
  ])('are expanded from ranges: %s', async (url, paths) => {
    expect(pathsOf(await run([url]))).toEqual(paths)
  })

  test.each([
    [
      'a list, with comments, blanks, a byte-order mark and CRLF',
      'urls.txt',
      '\uFEFFURL/a\r\n\r\n# no\r\n  URL/b  \r\n',
    ],
    ['a list without a line end', 'urls', 'URL/a\nURL/b'],
    ['CSV with a column url', 'urls.csv', 'id,url\n1,URL/a\n2,URL/b\n'],
    ['CSV with a byte-order mark, quotes and CRLF', 'urls.csv', '\uFEFF"url",id\r\n"URL/a",1\r\nURL/b,2\r\n'],
    ['TSV with a column url', 'urls.tsv', 'id\turl\n1\tURL/a\n2\tURL/b\n'],
    ['JSON lines', 'urls.jsonl', '{"url":"URL/a"}\n\n"URL/b"\n'],
    ['JSON lines with a byte-order mark and CRLF', 'urls.jsonl', '\uFEFF{"url":"URL/a"}\r\n"URL/b"\r\n'],
  ])('are read from %s', async (_what, name, content) => {
    const result = await run(['-i', name], { [name]: content })
    expect([result.code, pathsOf(result)]).toEqual([0, ['/a', '/b']])
  })

  test('are read from standard input in the given format', async () => {
    const result = await run(['-i', '-', '--format', 'jsonl'], {}, '{"url":"URL/a","method":"POST","json":{"b":1}}\n')
    expect(result.code).toBe(0)
    expect(result.seen.map(({ method, body }) => [method, body])).toEqual([['POST', '{"b":1}']])
  })

  test('are read from several inputs, one after the other', async () => {
    const files = { 'a.txt': 'URL/a\n', 'b.csv': 'url\nURL/b\n' }
    expect(pathsOf(await run(['-i', 'a.txt', '-i', 'b.csv'], files))).toEqual(['/a', '/b'])
  })
})

describe('Rows', () => {
  const CSV = 'owner,name,n\n"a b","x, ""y""",1\n"two\nlines",z,\n'

  test('fill a URL template percent-encoded, and may fill the key and headers', async () => {
    const args = ['URL/repos/{owner}/{name}{?n}', '-i', 'r.csv', '--key', 'name', '-H', 'x-owner: <{n}>']
    const { code, stdout, seen } = await run(args, { 'r.csv': CSV })
    expect(code).toBe(0)
    expect(linesOf(stdout).map(({ key, value }) => [key, value?.path])).toEqual([
      ['x, "y"', '/repos/a%20b/x%2C%20%22y%22?n=1'],
      ['z', '/repos/two%0Alines/z?n='],
    ])
    expect(new Set(seen.map(({ headers }) => headers['x-owner']))).toEqual(new Set(['<1>', '<>']))
  })

  test('fill JSON as escaped text inside of quotes and as JSON values elsewhere; other braces stay', async () => {
    const json = '{"name": "<{name}>", "n": {n}, "who": {owner}, "more": {"deep": {}}}'
    const { code, seen } = await run(['URL/{name}', '-i', 'r.csv', '--json', json], { 'r.csv': CSV })
    expect(code).toBe(0)
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
      expect.arrayContaining([
        { name: '<x, "y">', n: 1, who: 'a b', more: { deep: {} } },
        { name: '<z>', n: null, who: 'two\nlines', more: { deep: {} } },
      ]),
    )
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })

  test('of JSON lines and of a plain list fill a URL template', async () => {
    const files = { 'r.jsonl': '{"id": 7}\n{"id": "a/b"}\n', 'ids.txt': '1\n2\n' }
    expect(pathsOf(await run(['URL/{id}', '-i', 'r.jsonl'], files))).toEqual(['/7', '/a%2Fb'])
    expect(pathsOf(await run(['URL/{line}', '-i', 'ids.txt'], files))).toEqual(['/1', '/2'])
  })

  test('fill the query, a form and a text body', async () => {
    const param = await run(['URL/', '-i', 'r.csv', '--param', 'q={name}'], { 'r.csv': 'name\na&b\n' })
    expect(pathsOf(param)).toEqual(['/?q=a%26b'])
    const form = await run(['URL/', '-i', 'r.csv', '--form', 'q={name}'], { 'r.csv': 'name\na&b\n' })
    expect(form.seen.map(({ body }) => body)).toEqual(['q=a%26b'])
    const text = await run(['URL/', '-i', 'r.csv', '-d', 'is {name} {other}'], { 'r.csv': 'name\na&b\n' })
    expect(text.seen.map(({ body }) => body)).toEqual(['is a&b {other}'])
  })
})

describe('A curl command', () => {
  test('gives the request: URL, headers, body, method and user, in quotes of all kinds', async () => {
    const curl = `curl 'URL/c?x=1' \\
      -H 'accept: text/csv' -H "x-two: a\\"b" --data-raw $'line\\nbreak' -X PUT -u me:pass --compressed`
    const { code, seen } = await run(['--curl', curl])
    expect(code).toBe(0)
    expect(seen).toMatchObject([
      {
        method: 'PUT',
        path: '/c?x=1',
        body: 'line\nbreak',
        headers: {
          accept: 'text/csv',
          'x-two': 'a"b',
          authorization: `Basic ${Buffer.from('me:pass').toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      },
    ])
  })

  test('with -F is sent as multipart/form-data, including files', async () => {
    const files = { 'a.txt': 'content of a' }
    const { code, seen } = await run(['--curl', "curl 'URL/up' -F 'who=me=you' --form doc=@a.txt"], files)
    expect([code, seen[0]?.method]).toEqual([0, 'POST'])
    expect(seen[0]?.body).toMatch(/name="who"\r\n\r\nme=you\r\n[^]*name="doc"; filename="a\.txt"[^]*content of a/)
    const beside = await run(['--curl', "curl 'URL/up' -F 'who=me'", '--json', '{}'])
    expect(beside.seen[0]?.body).toBe('{}')
  })

  test('is a template for rows, and flags beside it take precedence', async () => {
    const curl = "curl 'URL/{id}' -H 'x-a: 1' -H 'x-b: 1'"
    const { seen } = await run(['--curl', curl, '-H', 'X-B: 2', '-i', 'r.csv'], { 'r.csv': 'id\n5\n' })
    expect(seen).toMatchObject([{ path: '/5', headers: { 'x-a': '1', 'x-b': '2' } }])
  })

  test('reports what was left out, unless --quiet is given', async () => {
    const curl = "curl 'URL/x' -H 'Connection: keep-alive' -H 'TE: trailers' -o out.json"
    const { code, seen, stderr } = await run(['--curl', curl])
    expect([code, seen.length]).toEqual([0, 1])
    expect(stderr).toContain(
      'preq: --curl: left out Connection, TE: preq sets the headers of its connections itself.\n' +
        'preq: --curl: left out -o: preq has flags of its own for output and retries.\n',
    )
    expect((await run(['--curl', curl, '-q'])).stderr).toBe('')
  })

  test('followed by a pipe is refused before anything is sent', async () => {
    const { code, stderr, seen } = await run(['--curl', "curl -H 'authorization: Bearer hush' URL/a | URL/b"])
    expect([code, seen]).toEqual([2, []])
    expect(stderr).toContain('got a pipe')
    expect(stderr).not.toContain('hush')
  })

  test.each([
    [
      'JSON, as --json does',
      `-H 'content-type: application/json' --data-raw '{"n": "{name}",  "i": {id}}'`,
      '{"n": "a\\"b&c",  "i": 5}',
    ],
    ['JSON with the type of a form', `-d '{"n":"{name}"}'`, '{"n":"a\\"b&c"}'],
    [
      'JSON lines',
      `-H 'content-type: application/x-ndjson' --data-raw $'{"i":{id}}\\n{"n":"{name}"}\\n'`,
      '{"i":5}\n{"n":"a\\"b&c"}\n',
    ],
    ['a form, percent-encoded', `-d 'n={name}&b=%20'`, 'n=a%22b%26c&b=%20'],
    ['text, as it is', `-H 'content-type: text/plain' -d 'n={name}'`, 'n=a"b&c'],
  ])('fills columns into %s', async (_what, data, body) => {
    const rows = { 'r.csv': 'id,name\n5,"a""b&c"\n' }
    const { code, seen } = await run(['--curl', `curl 'URL/{id}' ${data}`, '-i', 'r.csv'], rows)
    expect([code, seen[0]?.body]).toEqual([0, body])
  })

  test.each([
    [`curl 'URL/{id}' --data-urlencode 'q={id}'`, "Write it as -d 'name={column}'"],
    [`curl 'URL/{id,name}'`, 'Write {a},{b} for columns'],
    [`curl 'URL/{id}' -H 'x-ä: {id}'`, 'expected a token'],
    [`curl 'URL/{id}' -H 'x: ä {id}'`, 'Give it with -H beside --curl'],
    [`curl 'URL/{id}' -H 'content-type: application/json' -d '{"a": {id}'`, '--json: expected JSON'],
  ])('that is ambiguous with rows is refused: %s', async (curl, why) => {
    const { code, stderr, seen } = await run(['--curl', curl, '-i', 'r.csv'], { 'r.csv': 'id,name\n5,x\n' })
    expect([code, stderr, seen]).toEqual([2, expect.stringContaining(why), []])
  })

  test('with -G fills columns into the query', async () => {
    const curl = `curl -G 'URL/x' -d 'q={name}' -d b=1`
    const { code, seen } = await run(['--curl', curl, '-i', 'r.csv'], { 'r.csv': 'name\na&b\n' })
    expect([code, seen[0]?.path]).toEqual([0, '/x?q=a%26b&b=1'])
  })

  test('stores cookies of servers with -c or --cookie-file, and --auth replaces its credentials', async () => {
    const curl = `curl 'URL/x' -u a:b -A me`
    const { seen } = await run(['--curl', curl, '--auth', 'c:d', '-A', 'you'])
    expect(seen[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('c:d')}`, 'user-agent': 'you' })
  })
})

describe('A mistake in flags or input', () => {
  const R = { 'r.csv': 'owner,name\na,b\n' }
  test.each<[string, string[], Record<string, string | Uint8Array>, string]>([
    ['an unknown column', ['URL/{ownr}', '-i', 'r.csv'], R, 'got {ownr}. Did you mean {owner}?'],
    ['an open brace', ['URL/x{owner', '-i', 'r.csv'], R, 'expected braces in pairs'],
    ['a closing brace', ['URL/x}', '-i', 'r.csv'], R, 'expected braces in pairs'],
    ['empty braces', ['URL/{}', '-i', 'r.csv'], R, 'expected braces in pairs'],
    ['a key that is not a column', ['URL/{owner}', '-i', 'r.csv', '--key', 'nme'], R, 'Did you mean {name}?'],
    ['invalid JSON', ['URL/{owner}', '-i', 'r.csv', '--json', '{"a": {owner}'], R, '--json: expected JSON'],
    ['a CSV without url', ['-i', 'r.csv'], R, "expected a column 'url' or a URL with {columns}"],
    ['an empty CSV', ['-i', 'e.csv'], { 'e.csv': '' }, 'expected a header'],
    ['a duplicate column', ['-i', 'e.csv'], { 'e.csv': 'url,url\n' }, "got 'url' twice"],
    ['a missing file', ['-i', 'none.txt'], {}, 'cannot read -i none.txt: no such file or directory (ENOENT).'],
    ['a folder', ['-i', '.'], {}, 'cannot read -i .: '],
    ['a URL beside --curl', ['URL/a', '--curl', 'curl URL/b'], {}, '--curl: expected no URL beside the command'],
    ['two URLs beside a file', ['URL/a', 'URL/b', '-i', 'r.csv'], R, 'expected one URL beside -i'],
    [
      'two bodies',
      ['URL/a', '--json', '{}', '-d', 'x'],
      {},
      'expected one of --json, --body, --form and --multipart, got --json and --body',
    ],
    [
      'a missing unit',
      ['URL/a', '--timeout', '10'],
      {},
      `--timeout: expected a duration such as '10s' or '500ms', got "10"`,
    ],
    ['a rate without a unit', ['URL/a', '--rate', '10'], {}, '--rate: expected a rate such as'],
    ['an invalid number', ['URL/a', '-c', 'many'], {}, '--concurrency: expected an integer ≥ 1'],
    ['an unknown flag', ['URL/a', '--retires', '2'], {}, "Did you mean '--retries'?"],
  ])('is reported before anything is sent, with exit code 2: %s', async (_what, args, files, why) => {
    const { code, stdout, stderr, seen } = await run(args, files)
    expect([code, stdout, seen]).toEqual([2, '', []])
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('    at ')
  })

  test('in one row of 100 fails that row with its line, and the other 99 are sent', async () => {
    const lines = Array.from({ length: 100 }, (_, n) => (n === 16 ? 'no url' : `URL/${n}`))
    const { code, stdout, stderr, seen } = await run(['-i', 'urls.txt'], { 'urls.txt': lines.join('\n') })
    expect(code).toBe(1)
    expect(seen).toHaveLength(99)
    expect(linesOf(stdout).filter(({ ok }) => !ok)).toMatchObject([
      { index: 16, error: { code: 'invalid_request/url' } },
    ])
    expect(stderr).toMatch(/^urls\.txt:17: /m)
  })

  test.each([
    ['a row with too many cells', 'r.csv', 'url\nURL/a\nURL/b,c\nURL/d\n', 3],
    ['a line that is not JSON', 'r.jsonl', '{"url":"URL/a"}\n{"url":\n{"url":"URL/d"}\n', 2],
    ['a line that is not a request', 'r.jsonl', '{"url":"URL/a"}\n[]\n{"url":"URL/d"}\n', 2],
    ['an unknown field', 'r.jsonl', '{"url":"URL/a"}\n{"url":"URL/x","methd":"GET"}\n{"url":"URL/d"}\n', 2],
  ])('in one row fails only that row: %s', async (_what, name, content, line) => {
    const result = await run(['-i', name], { [name]: content })
    expect([result.code, pathsOf(result)]).toEqual([1, ['/a', '/d']])
    expect(result.stderr).toMatch(new RegExp(`^${name.replace('.', '\\.')}:${line}: `, 'm'))
  })

  test('such as binary input is refused with its line', async () => {
    const { code, stderr } = await run(['-i', 'x.bin', '--format', 'lines'], {
      'x.bin': new Uint8Array([0x7f, 0x45, 0x00, 0x01, 0x0a]),
    })
    expect([code, stderr]).toEqual([2, expect.stringContaining('x.bin:1: expected text')])
  })

  test.each([
    [
      'binary',
      new Uint8Array([0x7f, 0x45, 0x00, 0x01, 0x0a]),
      'preq: x.csv:1: expected text, got NUL characters. If it is UTF-16, add --encoding utf-16le.',
    ],
    ['an unclosed quote', 'id\n"a\u001b[31mb\n', 'preq: x.csv:2: expected a quote that closes the cell'],
  ])('such as %s in a CSV file is refused without printing its content', async (_what, content, message) => {
    const { code, stderr } = await run(['URL/{id}', '-i', 'x.csv'], { 'x.csv': content })
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u)
  })
})
