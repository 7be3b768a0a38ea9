import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PartFile } from '../../src/disk/part-file.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'part-file-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('an abandoned part file is not created again by a writer that is still running', async () => {
  const place = folder()
  const part = new PartFile({ path: join(place, 'a'), overwrite: false }, undefined)
  await part.open()
  const written = part.append(Buffer.from('x'))
  const gone = part.abandon()
  const late = [part.append(Buffer.from('y')), part.finish(), part.open()]
  await Promise.all([written, gone])
  expect((await Promise.allSettled(late)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  await part.abandon()
  expect(readdirSync(place)).toEqual([])
})

test('a part file that was discarded between two attempts is created again by the next one', async () => {
  const place = folder()
  const part = new PartFile({ path: join(place, 'a'), overwrite: false }, undefined)
  await part.open()
  await part.discard()
  expect(readdirSync(place)).toEqual([])
  await part.append(Buffer.from('x'))
  await part.finish()
  await part.commit()
  expect(readdirSync(place)).toEqual(['a'])
})
