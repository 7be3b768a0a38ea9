/** Columns of the input and selected parts that have the name of an outcome field, or of each other. */
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const respond = (_echo: unknown, response: import('node:http').ServerResponse) =>
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"status":"theirs","name":"N"}')

const OURS = 'index,key,method,url,ok,status,attempts,bytes,error,message,total_ms,value,line_number'

function rowOf(path: string): unknown {
  using database = new DatabaseSync(path)
  return { ...database.prepare('SELECT * FROM results').get() }
}

describe('{value}', () => {
  test.each([
    ['name', 'N', 'N'],
    ['n: name', '{"n":"N"}', '"{""n"":""N""}"'],
    ['name, status', '{"name":"N","status":"theirs"}', '"{""name"":""N"",""status"":""theirs""}"'],
  ])('is the selection of --select %s in -w and in CSV, as in JSON lines', async (paths, line, cell) => {
    const { run } = await workplace(respond)
    const args = ['URL/a', '--accept', '404', '--select', paths]
    expect((await run([...args, '-w', '{status} {value}\\n'])).stdout).toBe(`404 ${line}\n`)
    const table = await run([...args, '--output-format', 'csv', '--columns', 'value,status'])
    expect(table.stdout).toBe(`value,status\n${cell},404\n`)
    const { value } = (await run(args)).lines[0] ?? {}
    expect(typeof value === 'string' ? value : JSON.stringify(value)).toBe(line)
  })
})

describe('A column of the input', () => {
  test('never replaces a field of the outcome, whatever its name', async () => {
    const { run, server, write, text } = await workplace(respond)
    write('rows.csv', `id,${OURS}\n7,${OURS.replaceAll(/\w+/g, 'x')}\n`)
    await run(['URL/{id}', '-i', 'rows.csv', '-o', 'out.csv', '--retries', '0'])
    expect(text('out.csv').split('\n').slice(0, 2)).toEqual([
      `index,id,${OURS.replaceAll(/(\w+)/g, 'row.$1')},url,status,value,error`,
      `0,7,${OURS.replaceAll(/\w+/g, 'x')},${server.url}/7,404,,http/404`,
    ])
    const { stdout } = await run(['URL/{id}', '-i', 'rows.csv', '-w', '{status} {error} {row.status} {row.id} {id}\\n'])
    expect(stdout).toBe('404 http/404 x 7 7\n')
    const chosen = await run(['URL/{id}', '-i', 'rows.csv', '--output-format', 'csv', '--columns', 'row.error,error'])
    expect(chosen.stdout).toBe('row.error,error\nx,http/404\n')
  })

  test('and a selected part of the same name do not overwrite each other, nor a field', async () => {
    const { run, write } = await workplace(respond)
    write('rows.csv', 'id,name\n1,"Name, 1"\n')
    const args = ['URL/{id}', '-i', 'rows.csv', '--accept', '404', '--select', 'name, status']
    const { stdout } = await run([
      ...args,
      '--output-format',
      'csv',
      '--columns',
      'id,row.name,name,status,value.status',
    ])
    expect(stdout).toBe('id,row.name,name,status,value.status\n1,"Name, 1",N,404,theirs\n')
    const all = await run([...args, '--output-format', 'csv'])
    expect(all.stdout.split('\n')[0]).toBe('index,id,row.name,url,status,name,value.status,error')
  })

  test('with the URLs is printed without secrets', async () => {
    const { run, server, write } = await workplace(respond)
    write('urls.csv', 'url,n\nURL/a?token=s3cr3t,1\n')
    for (const more of [[], ['--columns', 'url,row.url']]) {
      const { stdout } = await run(['-i', 'urls.csv', '--output-format', 'csv', ...more])
      expect(stdout).not.toContain('s3cr3t')
      expect(stdout.split('\n')[0]).toBe(more.length === 0 ? 'index,n,url,status,value,error' : 'url,row.url')
    }
    expect(server.requests[0]?.url).toBe('/a?token=s3cr3t')
  })

  test('of JSON lines needs the prefix row., because rows may differ', async () => {
    const { run, write } = await workplace(respond)
    write('rows.jsonl', '{"id":12345678901234567890}\n')
    expect((await run(['URL/{id}', '-i', 'rows.jsonl', '-w', '{row.id} {status}\\n'])).stdout).toBe(
      '12345678901234567890 404\n',
    )
    write('rows.csv', 'id\n1\n')
    const { code, stderr } = await run(['URL/{id}', '-i', 'rows.csv', '-w', '{row.di}\\n'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('got {row.di}. Did you mean {row.id}?')])
  })

  test('gets its prefix in SQLite, also if names differ only in case', async () => {
    const { run, write, file } = await workplace(respond)
    write('rows.csv', 'id,Status,at,name\n7,mine,noon,N1\n')
    const select = ['--select', 'ID: name, Url: status, Name: name', '--accept', '404']
    await run(['URL/{id}', '-i', 'rows.csv', ...select, '-o', 'all.sqlite'])
    expect(rowOf(file('all.sqlite'))).toMatchObject({
      id: '7',
      'row.Status': 'mine',
      'row.at': 'noon',
      name: 'N1',
      'value.ID': 'N',
      'value.Url': 'theirs',
      'value.Name': 'N',
      status: 404,
    })
    await run(['URL/{id}', '-i', 'rows.csv', '-o', 'some.sqlite', '--columns', 'line_number,status'])
    expect(rowOf(file('some.sqlite'))).toMatchObject({ line_number: 2, status: 404 })
  })

  test('of a list is line, and the line number is line_number', async () => {
    const { run, write } = await workplace(respond)
    write('ids.txt', '# ids\nfour\n')
    expect((await run(['URL/{line}', '-i', 'ids.txt', '-w', '{line} {line_number}\\n'])).stdout).toBe('four 2\n')
  })
})
