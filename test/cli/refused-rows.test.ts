/** Rows that cannot be sent, in runs that are resumed, with the built binary. */
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'

const BROKEN = 'id,n\na,1\nb,2,3\nc,many\nd,4\n'
const ARGS = ['URL/{id}', '-i', 'rows.csv', '--budget', 'units=10/s', '--cost', 'units={n}', '-o', 'r.jsonl']

describe('A row that cannot be sent', () => {
  test('gets a line in the run file with its code and position, and a resumed run reports the same and adds nothing', async () => {
    const { run, server, write, linesIn, text } = await workplace()
    write('rows.csv', BROKEN)
    const first = await run([...ARGS, '--resume'])
    const lines = linesIn('r.jsonl')
    expect([first.code, server.requests.length]).toEqual([1, 2])
    expect(endsOf(lines)).toEqual(['ok', 'invalid_request/input', 'invalid_request/cost', 'ok'])
    expect(lines[1]).toMatchObject({
      index: 1,
      ok: false,
      attempts: 0,
      error: { message: expect.stringContaining('rows.csv:3: expected 2 cells, got 3') as string },
    })
    const whole = text('r.jsonl')
    const again = await run([...ARGS, '--resume'])
    expect([again.code, server.requests.length, text('r.jsonl')]).toEqual([1, 2, whole])
    expect(again.stderr).toContain('2 ok, 2 failed')
  })

  test('is sent alone once it is corrected, with or without --retry-failed', async () => {
    for (const more of [[], ['--retry-failed']]) {
      const { run, server, write, linesIn } = await workplace()
      write('rows.csv', BROKEN)
      await run([...ARGS, '--resume'])
      write('rows.csv', BROKEN.replace('b,2,3', 'b,2'))
      expect((await run([...ARGS, '--resume', ...more])).code).toBe(1)
      write('rows.csv', BROKEN.replace('b,2,3', 'b,2').replace('many', '3'))
      expect((await run([...ARGS, '--resume', '-o', 'r.csv', ...more])).code).toBe(0)
      expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/a', '/b', '/c', '/d'])
      // The last line of each request counts.
      const last = new Map(linesIn('r.jsonl').map(line => [line.index, line.ok]))
      expect([...last]).toEqual([0, 1, 2, 3].map(index => [index, true]))
    }
  })

  test('may be removed from the end of the input, because it was never sent', async () => {
    const { run, server, write } = await workplace()
    write('urls.txt', 'URL/a\nno url\n')
    expect((await run(['-i', 'urls.txt', '-o', 'r.jsonl', '--resume'])).code).toBe(1)
    write('urls.txt', 'URL/a\n')
    expect((await run(['-i', 'urls.txt', '-o', 'r.jsonl', '--resume'])).code).toBe(0)
    expect(server.requests).toHaveLength(1)
  })
})
