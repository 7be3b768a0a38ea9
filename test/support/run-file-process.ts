/**
 * A process that uses a run file, for tests that kill it. Arguments: what to do, and the path.
 *
 * - `hold`: opens the file, prints `open`, and waits.
 * - `append`: appends as fast as possible, and prints the index of the last line that is known to be written.
 * - `race`: takes and releases the lock 60 times; prints `clash` if another process held it at the same time.
 * - `fill`: appends until an error and prints its code, appends once more and prints that code, closes.
 */
import { rmSync, writeFileSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { isConfigError } from '../../src/core/error.ts'
import type { DoneLine } from '../../src/core/journal.ts'
import { openRunFile } from '../../src/store/run-file.ts'

const [, , what, path = '', durability = 'process'] = process.argv
const open = () => openRunFile(path, { durability: durability as 'process' | 'power' })
// Not process.stdout: the text must be out before the process is killed.
const say = (text: string): void => void writeSync(1, `${text}\n`)
const lineOf = (index: number): DoneLine => {
  const at = '2026-01-02T03:04:05.678Z'
  const common = {
    v: 1,
    index,
    id: index.toString(16).padStart(32, '0'),
    method: 'GET',
    url: 'http://127.0.0.1/',
  } as const
  return { ...common, ok: true, value: 'x'.repeat(index % 300), attempts: 1, bytes: 1, timings: { total: 1 }, at }
}
const codeOf = (error: unknown): string => String((error as { code?: unknown }).code)

if (what === 'hold') {
  await open()
  say('open')
  setInterval(() => {}, 1_000)
} else if (what === 'append') {
  const journal = await open()
  for (let index = journal.size; ;) {
    const count = 1 + (index % 7)
    let last = Promise.resolve()
    for (let i = 0; i < count; i++) last = journal.append(lineOf(index++))
    // oxlint-disable-next-line no-await-in-loop -- the index is printed only after the line is written
    await last
    say(String(index - 1))
  }
} else if (what === 'race') {
  for (let round = 0; round < 60;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      const journal = await open()
      try {
        writeFileSync(`${path}.inside`, '', { flag: 'wx' })
        // oxlint-disable-next-line no-await-in-loop -- long enough for another process to enter
        await setImmediate()
        rmSync(`${path}.inside`)
      } catch {
        say('clash')
      }
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await journal.close()
      round++
    } catch (error) {
      if (!isConfigError(error) || !error.message.includes('locked by')) throw error
    }
    // oxlint-disable-next-line no-await-in-loop -- gives the other processes a turn
    await setImmediate()
  }
  say('done')
} else if (what === 'fill') {
  const journal = await open()
  for (let index = 0; ; index++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- until the first error
      await Promise.all([journal.append(lineOf(index * 2)), journal.append(lineOf(index * 2 + 1))])
      say(String(index * 2 + 1))
    } catch (error) {
      say(codeOf(error))
      break
    }
  }
  await journal.append(lineOf(0)).catch((error: unknown) => say(codeOf(error)))
  await journal.close()
  say('closed')
}
