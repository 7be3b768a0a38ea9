import { expect, test } from 'vitest'
import { barLine, plainDisplay } from '../../src/display/line.ts'
import type { Progress } from '../../src/index.ts'

const plain = (_format: string, text: string): string => text

const at = (done: number, more: Partial<Progress> = {}): Progress => ({
  total: 300,
  done,
  ok: done,
  failed: 0,
  inFlight: 20,
  waiting: 0,
  retries: 4,
  bytes: 0,
  rate: 96.4,
  pausedHosts: [],
  ...more,
})

test('the progress bar shows counts, rate and failures', () => {
  expect(barLine(at(150, { failed: 7 }), 100, plain)).toBe(
    `  ${'━'.repeat(15)}${'─'.repeat(15)}  150/300    96/s    4 retries   7 failed`,
  )
  expect(barLine(at(300), 100, plain)).toContain(`${'━'.repeat(30)}  300/300`)
})

test('a pause is reported while the progress bar stays the same', () => {
  const bar = /[━─]+/
  const paused = barLine(at(150, { pausedHosts: ['a.example'] }), 72, plain)
  expect(paused).toMatch(/1 host paused$/)
  expect(bar.exec(paused)?.[0]).toBe(bar.exec(barLine(at(150), 72, plain))?.[0])
  expect(barLine(at(150, { pausedHosts: ['a.example', 'b.example'] }), 100, plain)).toMatch(/2 hosts paused$/)
})

test('a progress line is narrower than the terminal, so that it does not wrap', () => {
  for (let columns = 10; columns < 130; columns++) {
    for (const pausedHosts of [[], ['a.example']]) {
      expect(barLine(at(299, { pausedHosts }), columns, plain).length).toBeLessThan(columns)
    }
  }
})

test('progress without a total has no bar', () => {
  const { total: _, ...unbounded } = at(12)
  expect(barLine(unbounded, 100, plain)).toBe('  12    96/s    4 retries   0 failed')
})

test('progress without a terminal is one line a second, and the last state once', () => {
  let nowMs = 0
  const lines: string[] = []
  const display = plainDisplay(text => void lines.push(text), { now: () => nowMs })
  for (nowMs = 100; nowMs <= 2_500; nowMs += 100) display.show(at(nowMs / 100))
  display.done()
  display.done()
  expect(lines.map(line => line.trim().split(' ')[0])).toEqual(['10/300', '20/300', '25/300'])
  expect(lines.every(line => line.endsWith('\n'))).toBe(true)
})
