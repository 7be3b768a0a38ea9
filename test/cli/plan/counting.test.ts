/** The progress that `preq plan` shows while it reads a long input. */
import { expect, test, vi } from 'vitest'
import { counting } from '../../../src/cli/plan/counting.ts'
import type { Counting } from '../../../src/cli/plan/counting.ts'

const TERMINAL = { isTTY: true, columns: 80, rows: 24 }

/** The output of a plan that reads a thousand requests every half second, for 11 s. */
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

test('preq plan writes a line every 5 s to a log while it reads a long input', () => {
  expect(written('shown', {})).toEqual([
    'preq: reading the input: 11000 requests so far\n',
    'preq: reading the input: 21000 requests so far\n',
  ])
})

test('preq plan counts in one line on a terminal and clears the line at the end', () => {
  vi.stubEnv('TERM', 'xterm')
  const texts = written('shown', TERMINAL)
  expect(texts).toHaveLength(12)
  expect([texts[0], texts.at(-1)]).toEqual(['\r\u001b[K  reading the input: 3000 requests so far', '\r\u001b[K'])
})

test('preq plan writes messages with --json-progress, and nothing without progress', () => {
  expect(written('json', TERMINAL)[0]).toBe('{"type":"message","message":"reading the input: 11000 requests so far"}\n')
  expect(written('none', TERMINAL)).toEqual([])
})
