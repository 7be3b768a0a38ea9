import { expect, it } from 'vitest'
import { folder } from './batch-kit.ts'
import { UrgentSync } from '../../src/distributed/batch/urgent-sync.ts'
import { GroupWriter } from '../../src/store/group-writer.ts'
import type { Disk } from '../../src/store/group-writer.ts'

/** Notes what is written and synced. A sync ends when it is told to. */
class Noting implements Disk {
  readonly log: string[] = []
  readonly #ends: (() => void)[] = []

  write(_fd: number, bytes: Buffer, start: number): number {
    this.log.push(bytes.toString('utf8', start))
    return bytes.length - start
  }

  sync(_fd: number, done: (error: Error | null) => void): void {
    this.log.push('sync')
    this.#ends.push(() => done(null))
  }

  truncate(): void {
    // Nothing is cut.
  }

  endSync(): void {
    this.#ends.shift()?.()
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function writing(path: string, always = false) {
  const disk = new Noting()
  const sync = new UrgentSync(path, always, disk)
  return { disk, sync, writer: new GroupWriter(0, 0, 'power', sync) }
}

it('a result is acknowledged without a sync, an intent with one', async () => {
  using files = folder()
  const { disk, sync, writer } = writing(files.at('part'))
  await writer.append('result')
  expect(disk.log).toEqual(['result'])
  sync.expect()
  let isSafe = false
  const appended = writer.append('intent').then(() => (isSafe = true))
  await turn()
  expect(disk.log).toEqual(['result', 'intent', 'sync'])
  expect(isSafe).toBe(false)
  disk.endSync()
  await appended
  await writer.append('result')
  expect(disk.log.at(-1)).toBe('result')
})

it('an intent that is gathered while another one is synced gets a sync of its own', async () => {
  using files = folder()
  const { disk, sync, writer } = writing(files.at('part'))
  sync.expect()
  const first = writer.append('first')
  await turn()
  sync.expect()
  const second = writer.append('second')
  disk.endSync()
  await first
  await turn()
  expect(disk.log).toEqual(['first', 'sync', 'second', 'sync'])
  disk.endSync()
  await second
})

it('with the durability of a power loss every result is synced', async () => {
  using files = folder()
  const { disk, writer } = writing(files.at('part'), true)
  const appended = writer.append('result')
  await turn()
  expect(disk.log).toEqual(['result', 'sync'])
  disk.endSync()
  await appended
})
