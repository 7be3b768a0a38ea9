import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folder } from './batch-kit.ts'
import { defaultChunkRows } from '../../src/distributed/batch/chunk-size.ts'

describe('the size of a chunk', () => {
  it.each([
    ['an empty file', 0, 1_000, 1_000],
    ['a small file', 10_000, 1_000, 1_000],
    ['a file of 200,000 lines', 200_000, 3_100, 3_150],
    ['a large file', 1_000_000, 4_000, 4_000],
  ])('of %s', (_what, lines, least, most) => {
    using files = folder()
    const path = files.at('urls.txt')
    writeFileSync(path, 'https://api.example.com/items/1\n'.repeat(lines))
    const rows = defaultChunkRows({ kind: 'file', path, format: 'lines' })
    expect(rows).toBeGreaterThanOrEqual(least)
    expect(rows).toBeLessThanOrEqual(most)
    expect(defaultChunkRows({ kind: 'file', path, format: 'lines' })).toBe(rows)
  })

  it('of a stream is the least, because its length is not known', () => {
    expect(defaultChunkRows({ kind: 'rows', rows: [] })).toBe(1_000)
  })
})
