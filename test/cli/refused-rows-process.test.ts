/** Rows that cannot be sent, on a full disk. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A row that cannot be sent', () => {
  test('ends the run with 74 if its line cannot be written', async () => {
    const { shell, write } = await workplace()
    write('urls.txt', 'no url\n'.repeat(500))
    const { code, stderr } = await shell('ulimit -f 8; preq -i urls.txt -o r.jsonl -q').finished
    expect([code, stderr]).toEqual([74, expect.stringMatching(/^preq: cannot write the run file r\.jsonl: /m)])
    expect(stderr).not.toContain('    at ')
  })
})
