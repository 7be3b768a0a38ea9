/** What a plan says while it reads a long input. */
import { expect, test, vi } from 'vitest'
import { counting } from '../../../src/cli/plan/counting.ts'
import type { Counting } from '../../../src/cli/plan/counting.ts'

const TERMINAL = { isTTY: true, columns: 80, rows: 24 }

/** What is written when a thousand more have been read each half a second, for 11 s. */
function written(how: 'shown' | 'json' | 'none', stream: object): string[] {
  const texts: string[] = []
  let nowMs = 0
  const display: Counting = counting(
    how,
    { ...stream, write: (text: string) => texts.push(text) } as unknown as NodeJS.WriteStream,
    { now: () => nowMs },
  )
  for (let count = 0; nowMs <= 11_000; nowMs += 500) display.show((count += 1_000))
  display.done()
  return texts
}

test('A plan that reads for long counts: a line every 5 s in a log.', () => {
  expect(written('shown', {})).toEqual([
    'preq: reading the input: 11000 requests so far\n',
    'preq: reading the input: 21000 requests so far\n',
  ])
})

test('On a terminal it counts in one line that is taken back at the end.', () => {
  vi.stubEnv('TERM', 'xterm')
  const texts = written('shown', TERMINAL)
  expect(texts).toHaveLength(12)
  expect([texts[0], texts.at(-1)]).toEqual(['\r\u001b[K  reading the input: 3000 requests so far', '\r\u001b[K'])
})

test('For programs it is a message, and nothing where no progress is wanted.', () => {
  expect(written('json', TERMINAL)[0]).toBe('{"type":"message","message":"reading the input: 11000 requests so far"}\n')
  expect(written('none', TERMINAL)).toEqual([])
})
