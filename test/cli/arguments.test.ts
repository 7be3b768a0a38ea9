/** Arguments that are not URLs and misspelt column names, which preq refuses before anything is sent. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('An argument that is not a URL', () => {
  test.each([
    [['plann', 'URL/a'], "unknown command 'plann'. Did you mean 'plan'?"],
    [['dokter'], "unknown command 'dokter'. Did you mean 'doctor'?"],
    [['URL/a', 'URL/b', 'plann'], "expected a URL such as 'https://api.example.com/a', got 'plann'"],
    [['plan', 'URL/a', 'word'], "expected a URL such as 'https://api.example.com/a', got 'word'"],
    [['URL/a', 'localhost:8931/x'], "got 'localhost:8931/x'. Did you mean 'http://localhost:8931/x'?"],
    [['example.com'], "Did you mean 'http://example.com'?"],
    [['me:s3cr3t@example.com/?token=s3cr3t'], "expected a URL such as 'https://api.example.com/a', got"],
    [['URL/a', 'ftp://host/x'], "expected http: or https:, got 'ftp:'"],
    [['URL/a', '/people/1'], 'Give the base of relative URLs with --base-url'],
    [['URL/a', 'http://[::1'], "got 'http://[::1'"],
    [['plann', '-i', 'rows.csv'], "Did you mean 'plan'?"],
    [['x'.repeat(5_000)], 'See preq --help.'],
    [['rows.csv'], "got the file 'rows.csv'. Write it as -i rows.csv."],
    [['URL/{id}', 'rows.csv'], "got the file 'rows.csv'. Write it as -i rows.csv."],
    [['-i', 'http://127.0.0.1:1/a?token=s3cr3t'], '-i: expected a file, got a URL. Write'],
  ])('is refused before anything is sent: %j', async (args, why) => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id\n1\n')
    const { code, stdout, stderr } = await run(args)
    expect([code, stdout, server.requests]).toEqual([2, '', []])
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('s3cr3t')
  })

  test('is resolved against --base-url', async () => {
    const { run, server } = await workplace()
    expect((await run(['users', '/x', '--base-url', 'URL'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/users', '/x'])
  })

  test('fails only its own line in a list', async () => {
    const { run, server, write } = await workplace()
    write('urls.txt', 'URL/a\nplann\nURL/b\n')
    const { code, stderr } = await run(['-i', 'urls.txt'])
    expect([code, server.requests.length]).toEqual([1, 2])
    expect(stderr).toMatch(/^urls\.txt:2: /m)
  })
})

describe('A misspelt column name', () => {
  test.each([
    ['a header', ['-H', 'X: {idd}'], '-H: expected one of the columns id, name, got {idd}. Did you mean {id}?'],
    ['a header, far from all', ['-H', 'X: {other}'], '-H: expected one of the columns id, name, got {other}.'],
    ['the query', ['--param', 'q={nmae}'], '--param: expected one of the columns id, name, got {nmae}.'],
    ['a form', ['--form', 'q={nmae}'], '--form: expected one of the columns id, name, got {nmae}.'],
    ['a part', ['-F', 'q={nmae}'], '--multipart: expected one of the columns id, name, got {nmae}.'],
    ['a body', ['-d', 'is {nmae}'], '--body: expected one of the columns id, name, got {nmae}. Did you mean {name}?'],
    ['JSON', ['--json', '{"n": {idd}}'], '--json: expected one of the columns id, name, got {idd}. Did you mean {id}?'],
    ['JSON, far from all', ['--json', '{"n": {other}}'], '--json: expected one of the columns id, name, got {other}.'],
    ['text of JSON', ['--json', '{"n": "<{nmae}>"}'], 'Did you mean {name}? Write {{name}} for literal braces.'],
    ['a file name', ['--save', 'dl', '--name', 'p-{idd}.jpg'], '--name: expected one of the columns id, name, got'],
    ['a checksum', ['--save', 'dl', '--checksum', 'sha256:{idd}'], '--checksum: expected one of the columns'],
    ['a cost', ['--cost', '{idd}'], '--cost: expected one of the columns'],
  ])('in %s is refused by a run and by preq plan', async (_what, args, why) => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id,name\n1,a\n')
    for (const command of [[], ['plan']]) {
      const { code, stdout, stderr } = await run([...command, 'URL/{id}', '-i', 'rows.csv', ...args])
      expect([code, stdout, server.requests]).toEqual([2, '', []])
      expect(stderr).toContain(why)
    }
  })

  test('fails only its own row in JSON lines, whose rows may differ', async () => {
    const { run, server, write } = await workplace()
    write('rows.jsonl', '{"id":1,"tok":"a"}\n{"id":2}\n{"id":3,"tok":"c"}\n')
    const { code, stderr } = await run(['URL/{id}', '-i', 'rows.jsonl', '-H', 'x-tok: {tok}'])
    expect([code, server.requests.map(({ url }) => url).toSorted()]).toEqual([1, ['/1', '/3']])
    expect(stderr).toContain('rows.jsonl:2: -H: expected one of the columns id, got {tok}.')
  })

  test('is not suspected in doubled braces, nor in the braces of GraphQL and JSON in a body', async () => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id,name\n1,a\n')
    const bodies = ['{{nmae}} {name} {other} {{{name}}}', '{"query": "{viewer{{{name}}}}", "id": {"is": {id}}}']
    await run(['URL/{id}', '-i', 'rows.csv', '-H', 'X: {{idd}}', '-d', bodies[0] as string])
    await run(['URL/{id}', '-i', 'rows.csv', '--json', bodies[1] as string])
    await run(['URL/1', '-d', '{nmae} {{name}}'])
    expect(server.requests.map(({ body }) => body)).toEqual([
      '{nmae} a {other} {{name}}',
      '{"query":"{viewer{{name}}}","id":{"is":1}}',
      '{nmae} {{name}}',
    ])
    expect(server.requests[0]?.headers).toMatchObject({ x: '{idd}' })
  })

  test('is suspected, and the run refused, if no column is used at all', async () => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id,name\n1,a\n2,b\n')
    const { code, stderr } = await run(['URL/a', '-i', 'rows.csv'])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain('-i: expected a {column} of rows.csv in the URL, a header or the body, got none')
  })
})

describe('A range in a template', () => {
  test('is expanded for every row, in a run and in preq plan', async () => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id\n1\n2\n')
    write('rows.jsonl', '{"id":1}\n{"id":2}\n')
    write('ids.txt', '1\n2\n')
    const all = ['/0/1/08', '/0/1/10', '/0/2/08', '/0/2/10', '/1/1/08', '/1/1/10', '/1/2/08', '/1/2/10']
    for (const [file, column] of [
      ['rows.csv', 'id'],
      ['rows.jsonl', 'id'],
      ['ids.txt', 'line'],
    ]) {
      const args = [`URL/{0..1}/{${column}}/{08..10..2}`, '-i', file as string]
      const { stdout } = await run(['plan', ...args])
      expect(stdout).toContain('8 requests (8 GET), 0 duplicates, 0 invalid')
      const before = server.requests.length
      expect((await run(args)).code).toBe(0)
      const paths = server.requests.slice(before).map(({ url }) => url)
      expect(paths.toSorted()).toEqual(all)
    }
  })

  test('is not expanded if it comes from a cell', async () => {
    const { run, server, write } = await workplace()
    write('rows.csv', 'id\n{1..3}\n')
    expect((await run(['URL/{+id}', '-i', 'rows.csv'])).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/%7B1..3%7D'])
  })
})
