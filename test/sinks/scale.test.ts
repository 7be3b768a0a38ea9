/** Many rows in constant memory through each sink, each in a process of its own. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import { freshFolder, runProgram } from './outcomes.ts'
import { figure } from '../support/figure.ts'

/**
 * As in a run: a window of writes is open, and the next one starts when those are done. Prints the live heap at each
 * tenth.
 */
const program = (make: string, rows: number): string => `
  const sink = ${make}
  let next = 0
  const heaps = []
  const value = { name: 'item', tags: ['a', 'b'], text: 'x'.repeat(100) }
  const lane = async () => {
    while (next < ${rows}) {
      const index = next++
      await sink.write(outcome(index, { ...value, index }))
      if (index % ${rows / 10} === 0) {
        gc()
        heaps.push(process.memoryUsage().heapUsed)
      }
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: 256 }, lane))
  await sink.close()
  console.log(JSON.stringify({ heaps, perSecond: Math.round(${rows} / (performance.now() - startedAt) * 1_000) }))
`

describe('a run of many rows', () => {
  figure.each([
    ['jsonLines', `jsonLines('out')`, 100_000],
    ['csv', `csv('out')`, 100_000],
    ['sqlite', `sqlite('out')`, 100_000],
    ['folder', `folder('out')`, 2_000],
  ])('is written completely by %s, in constant memory', async (name, make, rows) => {
    const dir = freshFolder()
    const { stdout, stderr } = await runProgram(program(make, rows), '$NODE', dir)
    expect(stderr).toBe('')
    const { heaps, perSecond } = JSON.parse(stdout) as { heaps: number[]; perSecond: number }
    const [, second = 0] = heaps
    const growth = Math.max(...heaps.slice(1)) - second
    console.log(
      `${name}: ${perSecond} rows/s, live heap ${(second / 1e6).toFixed(1)} MB, grows by ${(growth / 1e6).toFixed(2)} MB`,
    )
    // A window of rows comes and goes, and a folder remembers its names. Ten bytes per row would be a leak.
    expect(growth).toBeLessThan(1_000_000)
    expect(countOf(name, join(dir, 'out'))).toBe(rows)
  })
})

function countOf(name: string, path: string): number {
  if (name === 'folder') return readdirSync(path).length - 1
  if (name === 'sqlite') {
    const database = new DatabaseSync(path)
    const row = database.prepare('SELECT count(*) AS rows, count(DISTINCT "index") AS indexes FROM results').get()
    database.close()
    expect(row?.['rows']).toBe(row?.['indexes'])
    return Number(row?.['rows'])
  }
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  if (name === 'csv') lines.shift()
  const indexOf = (line: string): number => Number(/^(?:\{"index":)?(\d+)/.exec(line)?.[1])
  expect(new Set(lines.map(indexOf)).size).toBe(lines.length)
  return lines.length
}
