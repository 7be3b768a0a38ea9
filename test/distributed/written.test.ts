import { expect, it } from 'vitest'
import { giveBuffer, takeBuffer } from '../../src/distributed/batch/spare-buffers.ts'
import { Written } from '../../src/distributed/batch/written.ts'
import type { Disk } from '../../src/store/group-writer.ts'

/** Accepts at most so many bytes per write. */
const disk = (most = Infinity): Disk => ({
  write: (_fd, bytes, start) => Math.min(most, bytes.length - start),
  sync: (_fd, done) => done(null),
  truncate: () => undefined,
})

const text = (written: Written): string | undefined => written.bytes?.toString()

it('the bytes of a part are those that the disk has accepted', () => {
  const written = new Written(disk(4))
  expect(written.bytes).toBeUndefined()
  const line = Buffer.from('a line\n')
  expect(written.write(0, line, 0)).toBe(4)
  expect(text(written)).toBe('a li')
  written.write(0, line, 4)
  expect(text(written)).toBe('a line\n')
  written.truncate(0, 2)
  expect(text(written)).toBe('a ')
})

it('the bytes of a part survive the growth of their buffer', () => {
  const written = new Written(disk())
  const lines = Array.from({ length: 5 }, (_, at) => Buffer.alloc(100_000, `${at}`))
  for (const line of lines) written.write(0, line, 0)
  expect(written.bytes?.equals(Buffer.concat(lines))).toBe(true)
})

it('a part that becomes too large is not remembered, nor is what follows', () => {
  const written = new Written(disk())
  written.write(0, Buffer.alloc(1_500_000), 0)
  expect(written.bytes?.length).toBe(1_500_000)
  written.write(0, Buffer.alloc(1_500_000), 0)
  written.write(0, Buffer.from('a'), 0)
  expect(written.bytes).toBeUndefined()
})

it('parts that are written at the same time do not share a buffer, and a later one takes that of a part that is forgotten', () => {
  const [first, second] = [new Written(disk()), new Written(disk())]
  first.write(0, Buffer.from('first'), 0)
  second.write(0, Buffer.from('second'), 0)
  expect([text(first), text(second)]).toEqual(['first', 'second'])
  const { buffer } = first.bytes as Buffer
  first.forget()
  first.forget()
  const [third, fourth] = [new Written(disk()), new Written(disk())]
  third.write(0, Buffer.from('third'), 0)
  fourth.write(0, Buffer.from('fourth'), 0)
  expect([text(second), text(third), text(fourth)]).toEqual(['second', 'third', 'fourth'])
  expect([third, fourth].map(one => one.bytes?.buffer === buffer).filter(Boolean)).toHaveLength(1)
})

it('a spare buffer has at least the size that is asked for, and only a few are kept', () => {
  const many = [1, 2, 3, 4, 5, 6].map(size => takeBuffer(size * 100_000))
  expect(many.every(({ length }, at) => length >= (at + 1) * 100_000)).toBe(true)
  for (const buffer of many) giveBuffer(buffer)
  const again = many.map(({ length }) => takeBuffer(length))
  expect(new Set(again).size).toBe(6)
  expect(again.filter(buffer => many.includes(buffer)).length).toBeLessThanOrEqual(4)
})
