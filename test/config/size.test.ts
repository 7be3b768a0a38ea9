/** Byte counts: what is one, what is none, and there and back. */
import { expect, test } from 'vitest'
import { formatSize, parseSize } from '../../src/config/size.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

test.each([
  ['0B', 0],
  ['10B', 10],
  ['10kB', 10_000],
  ['10 kB', 10_000],
  ['1KiB', 1_024],
  ['1kib', 1_024],
  ['1.5KiB', 1_536],
  ['64MiB', 67_108_864],
  ['2GB', 2e9],
  ['1.0001B', 1],
])('%j is %d bytes.', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '64', '64M', '64 Mi', 'MiB', '-1B', '1e3B', '1ib', '1 TiB', '1  B', '.5B'])('%j is not a size', text => {
  expect(parseSize(text)).toBeUndefined()
})

test('parseSize returns a number of at least 0 or undefined for any text, and never throws', () => {
  const likely = fc.array(fc.constantFrom('1', '0', '.', 'k', 'K', 'M', 'i', 'B', 'b', ' ', '-'), { maxLength: 12 })
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(),
        likely.map(parts => parts.join('')),
      ),
      text => {
        const bytes = parseSize(text)
        expect(bytes === undefined || bytes >= 0).toBe(true)
      },
    ),
  )
})

figure('parseSize reads a megabyte of digits in linear time', () => {
  const startedAtMs = performance.now()
  expect(parseSize('9'.repeat(1_000_000))).toBeUndefined()
  expect(performance.now() - startedAtMs).toBeLessThan(50)
})

test('formatSize prints text that parses to the same size, within the shown precision', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), bytes => {
      const read = parseSize(formatSize(bytes))
      const unitBytes = bytes >= 2 ** 30 ? 2 ** 30 : bytes >= 2 ** 20 ? 2 ** 20 : bytes >= 2 ** 10 ? 2 ** 10 : 1
      expect(Math.abs((read as number) - bytes)).toBeLessThanOrEqual(unitBytes === 1 ? 0 : 0.05 * unitBytes + 1)
    }),
  )
})
