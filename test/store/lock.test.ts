import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { doneLine, folder } from '../support/run-lines.ts'
import { open, refusal } from './refusal.ts'

it('a second run in the same process is refused with the holder and a remedy, until the first one closes', async () => {
  const path = join(folder(), 'run.jsonl')
  const first = await open(path)
  const message = await refusal(path)
  expect(message).toContain(`${JSON.stringify(path)} is locked by another run (process ${process.pid})`)
  expect(message).toContain('give each run a file of its own')
  // The refused run took nothing from the first one.
  expect(await refusal(path)).toContain('is locked by another run')
  await first.append(doneLine(0))
  await first.close()
  await first.close()
  expect(existsSync(`${path}.lock`)).toBe(false)
  const second = await open(path)
  expect(second.size).toBe(1)
  await second.close()
})

it('links and relative paths lock the file that they lead to', async () => {
  const path = join(folder(), 'run.jsonl')
  const journal = await open(path)
  symlinkSync(path, `${path}-link`)
  symlinkSync(join(path, '..'), join(path, '../again'))
  for (const other of [`${path}-link`, relative(process.cwd(), path), join(path, '../again/run.jsonl')]) {
    // oxlint-disable-next-line no-await-in-loop -- One after the other.
    expect(await refusal(other)).toContain('is locked by another run')
  }
  await journal.close()
})

it('a second thread of the same process is refused', async () => {
  const path = join(folder(), 'run.jsonl')
  const journal = await open(path)
  const module = JSON.stringify(new URL('../../src/store/run-file.ts', import.meta.url).href)
  const code = `import(${module}).then(({ openRunFile }) => openRunFile(${JSON.stringify(path)}, { durability: 'process' }))
    .then(() => 'open', error => error.message).then(text => require('node:worker_threads').parentPort.postMessage(text))`
  const worker = new Worker(code, { eval: true })
  const [message] = (await once(worker, 'message')) as [string]
  await worker.terminate()
  expect(message).toContain('is locked by another run')
  // The refused thread has ended, and the lock is still held.
  expect(await refusal(path)).toContain('is locked by another run')
  await journal.close()
})

it("the lock of another run is left alone when this run's own lock file was deleted by hand", async () => {
  const path = join(folder(), 'run.jsonl')
  const first = await open(path)
  rmSync(`${path}.lock`)
  const second = await open(path)
  await first.close()
  expect(await refusal(path)).toContain('is locked by another run')
  await second.close()
  expect(existsSync(`${path}.lock`)).toBe(false)
})

it('a file that is not a lock is named in the message and not changed', async () => {
  const path = join(folder(), 'run.jsonl')
  writeFileSync(`${path}.lock`, 'somebody else’s')
  expect(await refusal(path)).toContain(`${path}.lock exists and is not a lock of a run. Move that file away.`)
  expect(readFileSync(`${path}.lock`, 'utf8')).toBe('somebody else’s')
  rmSync(`${path}.lock`)
  mkdirSync(`${path}.lock`)
  expect(await refusal(path)).toContain(`${path}.lock cannot be made. Its folder must be writable`)
})

it('the message names the lock file if its name is too long to be created', async () => {
  expect(await refusal(join(folder(), 'n'.repeat(252)))).toContain('.lock cannot be made')
})
