/** Numbers that a double cannot represent are sent and written with all their digits. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const BIG = ['12345678901234567890', '9007199254740993', '1E400', '-0', '1.10', '0.1234567890123456789', '1e5', '1.0']

describe('A number', () => {
  test.each(BIG)('of a row keeps its digits in URL, query, header, body, key and name: %s', async number => {
    const { run, server, write } = await workplace()
    write('rows.jsonl', `{"id":${number},"list":[${number},1],"deep":{"k":${number}}}\n`)
    write('rows.csv', `id\n${number}\n`)
    const more = ['--param', 'q={id}', '-H', 'x-id: {id}', '--key', 'id']
    const json = ['--json', '{"id": {id}, "text": "<{id}>", "deep": {deep}}']
    const ofLines = await run(['URL/{id}/{list}{?deep*}', '-i', 'rows.jsonl', ...more, ...json])
    const encoded = encodeURIComponent(number)
    expect([ofLines.code, ofLines.lines[0]?.key, server.requests]).toEqual([
      0,
      number,
      [
        expect.objectContaining({
          url: `/${encoded}/${encoded},1?k=${encoded}&q=${encoded}`,
          headers: expect.objectContaining({ 'x-id': number }) as unknown,
          body: `{"id":${number},"text":"<${number}>","deep":{"k":${number}}}`,
        }),
      ],
    ])
    await run(['URL/{id}', '-i', 'rows.csv', ...more, '--json', `{"id": {id}, "own": ${number}}`])
    expect(server.requests[1]).toMatchObject({
      url: `/${encoded}?q=${encoded}`,
      body: `{"id":${number},"own":${number}}`,
    })
  })

  test('of a JSON request is sent with its digits, and a number that is a setting becomes a double', async () => {
    const { run, server, write } = await workplace()
    const job = '"json":{"id":12345678901234567890,"f":1.0},"params":{"q":[9007199254740993,1.10]},"cost":1.0'
    write('jobs.jsonl', `{"url":"URL/a",${job}}\n`)
    expect((await run(['-i', 'jobs.jsonl'])).code).toBe(0)
    await run(['URL/b', '--json', '{"id":12345678901234567890,"f":1.0}'])
    expect(server.requests.map(({ url, body }) => `${url} ${body}`)).toEqual([
      '/a?q=9007199254740993&q=1.10 {"id":12345678901234567890,"f":1.0}',
      '/b {"id":12345678901234567890,"f":1.0}',
    ])
  })
})

describe('An integer of an answer', () => {
  const BODY = '{"id":12345678901234567890,"n":{"k":[9007199254740993,-9007199254740993]},"f":0.5,"s":9007199254740992}'

  test('keeps its digits in JSON lines, CSV, selections, templates and a resumed run', async () => {
    const { run, text } = await workplace((_echo, response) =>
      response.setHeader('content-type', 'application/json').end(BODY),
    )
    const { stdout } = await run(['URL/a'])
    expect(stdout).toContain(`"value":${BODY}`)
    const wo = await run(['URL/a', '-w', '{value}\n'])
    expect(wo.stdout).toContain('{"id":12345678901234567890,"n":{"k":[9007199254740993,-9007199254740993]}')
    const select = ['--select', 'id, k: n.k[0], more: n.k[?@ > `0`], half: n.k[0] / `2`, minus: -f, any: n.k[?@]']
    await run(['URL/a', ...select, '-o', 'out.csv'])
    expect(text('out.csv')).toContain(
      ',12345678901234567890,9007199254740993,[9007199254740992],4503599627370496,-0.5,"[9007199254740993,-9007199254740993]",',
    )
    await run(['URL/a', '-o', 'run.jsonl'])
    expect(text('run.jsonl')).toContain('"id":12345678901234567890,')
    await run(['URL/a', '-o', 'run.jsonl', '--resume', '-o', 'all.csv', '--select', 'id'])
    expect(text('all.csv')).toContain(',12345678901234567890,')
  })
})
