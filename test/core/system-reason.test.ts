import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemReason } from '../../src/core/system-reason.ts'

test.each([
  ['ENOSPC: no space left on device, write', 'no space left on device (ENOSPC)'],
  ["ENOENT: no such file or directory, open 'a, b'", 'no such file or directory (ENOENT)'],
  ["EXDEV: cross-device link not permitted, rename 'a' -> 'b'", 'cross-device link not permitted (EXDEV)'],
  ['write EPIPE', 'the reader closed the pipe (EPIPE)'],
  ['write EWHATEVER', 'write EWHATEVER'],
  ['incorrect header check', 'incorrect header check'],
])('an error of the system is said as its text and its code: %s', (message, said) => {
  expect(systemReason(new Error(message))).toBe(said)
})

test('the reason of a real system error has neither the call nor the path', () => {
  expect(() => readFileSync('/nowhere/at/all')).toThrow(/^ENOENT/)
  try {
    readFileSync('/nowhere/at/all')
  } catch (error) {
    expect(systemReason(error)).toBe('no such file or directory (ENOENT)')
  }
})
