/** The bytes of a line. Other programs read this format, and older files use it. */
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { readLine, writeLine } from '../../src/store/run-lines.ts'
import type { DoneLine } from '../../src/core/journal.ts'

const line = (index: number): DoneLine => ({
  v: 1,
  index,
  id: 'abcdefghijklmnop',
  method: 'GET',
  url: 'http://a.test/',
  ok: true,
  status: 200,
  value: { text: 'é' },
  attempts: 1,
  bytes: 13,
  timings: { total: 1.5 },
  at: '2026-01-01T00:00:00.000Z',
})

test('a line ends with the CRC-32 of the bytes before it, in eight digits', () => {
  expect(writeLine(line(7))).toMatch(/,"at":"2026-01-01T00:00:00\.000Z","crc":"[0-9a-f]{8}"\}\n$/)
  const sums = new Set<string>()
  for (let index = 0; index < 2_000; index++) {
    const text = writeLine(line(index))
    const [, open = '', sum = ''] = /^([^]*),"crc":"(.*)"\}\n$/.exec(text) ?? []
    expect(sum).toBe(crc32(Buffer.from(open)).toString(16).padStart(8, '0'))
    expect(readLine(Buffer.from(text.trimEnd()))).toMatchObject({ kind: 'done', summed: true })
    sums.add(sum[0] ?? '')
  }
  // Small and large sums, including ones with leading zeros.
  expect(sums.size).toBe(16)
})
