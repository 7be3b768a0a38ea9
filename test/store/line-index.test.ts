import { expect, it } from 'vitest'
import { LineIndex } from '../../src/store/line-index.ts'

const entry = (code?: string) => ({ v: 2, print: 'abc', ok: code === undefined, offset: 7, length: 9 }) as const

it('knows the code of a failure, and of its place once it is ok', () => {
  const index = new LineIndex()
  index.set(1, { ...entry('http/404'), code: 'http/404' })
  index.set(2_000, entry())
  expect([index.get(0)?.code, index.get(1)?.code, index.get(2_000)?.code]).toEqual([undefined, 'http/404', undefined])
  index.set(1, entry())
  expect(index.get(1)).toEqual(entry())
})

it('keeps no more than 65,535 codes, and the lines all the same', () => {
  const index = new LineIndex()
  for (let at = 0; at < 65_540; at++) index.set(at, { ...entry('x'), code: `dns/${at}` })
  expect(index.get(65_534)?.code).toBe('dns/65534')
  expect(index.get(65_535)).toEqual({ ...entry('x') })
})
