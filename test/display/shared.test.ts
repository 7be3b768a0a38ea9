/** The display that all runs of a process share, on a terminal that is made up. */
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { joinDisplay } from '../../src/display/shared.ts'
import type { Progress } from '../../src/index.ts'

const at = (done: number, more: Partial<Progress> = {}): Progress => ({
  total: 100,
  percent: done,
  done,
  ok: done,
  failed: 0,
  inFlight: 2,
  waiting: 0,
  retries: 0,
  bytes: 0,
  rate: 10,
  etaMs: (100 - done) * 100,
  pausedHosts: [],
  ...more,
})

function terminal(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  let written = ''
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString()
      done()
    },
  })
  Object.assign(stream, { isTTY, columns: 100, rows: 30, hasColors: () => false, getColorDepth: () => 1 })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => stripVTControlCharacters(written) }
}

test('runs under way are drawn together, and one that ends leaves its last state above the others', async () => {
  const { stream, text } = terminal(true)
  const [first, second] = [await joinDisplay(stream), await joinDisplay(stream)]
  first.show(at(40), [])
  second.show(at(7), [{ host: 'a.test\u001b[2J', pausedMs: 9_000 }])
  expect(text()).toMatch(
    /40\/100\s+40 %.*\n\s+6s left\n.* 7\/100\s+7 %.*\n\s+9\.3s left\s+paused: a\.test\\u001b\[2J for 9s/,
  )
  first.show(at(100), [])
  first.done()
  first.done()
  second.show(at(50), [])
  second.done()
  expect(text().trimEnd().split('\n').at(-2)).toContain('50/100')
  expect(text()).toContain('100/100')
})

test('without a terminal, a run that ends at once says nothing', async () => {
  const { stream, text } = terminal(false)
  const display = await joinDisplay(stream)
  display.show(at(40), [])
  display.show(at(100), [])
  display.done()
  expect(text()).toBe('')
})
