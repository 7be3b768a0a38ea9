/** Locks between processes. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { folder } from '../support/run-lines.ts'
import { open, refusal } from './refusal.ts'

const PROGRAM = join(import.meta.dirname, '../support/run-file-process.ts')

function start(what: string, path: string): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [PROGRAM, what, path], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

it('a second process is refused, and gets the lock as soon as the holder is killed', async () => {
  const path = join(folder(), 'run.jsonl')
  const holder = start('hold', path)
  await once(holder.stdout, 'data')
  expect(await refusal(path)).toContain(`is locked by another run (process ${holder.pid})`)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(existsSync(`${path}.lock`)).toBe(true)
  const journal = await open(path)
  // The next process sees the living holder and not the dead one.
  expect(await refusal(path)).toContain(`(process ${process.pid})`)
  await journal.close()
  expect(existsSync(`${path}.lock`)).toBe(false)
})

it('only one process at a time gets the lock while several come and go and delete the lock file', async () => {
  const path = join(folder(), 'run.jsonl')
  const said = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = start('race', path)
      return Promise.all([text(child.stdout), text(child.stderr)])
    }),
  )
  expect(said).toEqual([1, 2, 3].map(() => ['done\n', '']))
  expect(existsSync(`${path}.lock`)).toBe(false)
})
