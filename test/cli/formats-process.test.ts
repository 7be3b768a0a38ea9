/** CSV that comes through a pipe which stays open. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A row of CSV from a pipe', () => {
  test('is sent when its line has ended, while the pipe stays open', async () => {
    const { start, server } = await workplace()
    const { child, finished } = start(['URL/{id}', '-i', '-', '--format', 'csv', '-w', '{id}\\n'])
    child.stdin.write('id\n1\n')
    await expect.poll(() => server.requests.map(({ url }) => url)).toEqual(['/1'])
    child.stdin.end('2\n')
    const { code, stdout } = await finished
    expect([code, stdout]).toEqual([0, '1\n2\n'])
  })
})

describe('A refused run', () => {
  test.each([
    ['for its header', 'id,id\n', []],
    ['for its output', 'id\n1\n', ['-o', 'there.csv']],
  ])('ends at once %s, although its pipe stays open', async (_what, text, more) => {
    const { start, server, write } = await workplace()
    write('there.csv', '')
    const { child, finished } = start(['URL/{id}', '-i', '-', '--format', 'csv', ...more])
    child.stdin.on('error', () => undefined).write(text)
    // The pipe is not ended, so preq would wait for ever if it waited for the writer.
    expect([(await finished).code, server.requests]).toEqual([expect.any(Number), []])
  })
})
