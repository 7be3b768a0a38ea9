/** A run file whose process is killed again and again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { openRunFile } from '../../src/store/run-file.ts'
import { randomFrom, seed } from '../support/property.ts'
import { folder } from '../support/run-lines.ts'

const PROGRAM = join(import.meta.dirname, '../support/run-file-process.ts')
const newPath = (): string => join(folder(), 'run.jsonl')
const open = (path: string) => openRunFile(path, { durability: 'process' })

it('a run file opens and holds every line that was reported as safe after SIGKILL at 20 random moments', async () => {
  const path = newPath()
  const random = randomFrom(seed)
  let promised = 0
  for (let kill = 0; kill < 20; kill++) {
    // oxlint-disable no-await-in-loop -- One life after the other.
    const durability = kill % 2 === 0 ? 'process' : 'power'
    const child = spawn(process.execPath, [PROGRAM, 'append', path, durability], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const said = text(child.stdout)
    await once(child.stdout, 'data')
    await new Promise(resolve => setTimeout(resolve, random() * 60))
    child.kill('SIGKILL')
    await once(child, 'exit')
    // The last number may be truncated in the pipe.
    const last = Number((await said).split('\n').at(-2) ?? promised)
    expect(last, `seed ${seed}, kill ${kill}`).toBeGreaterThanOrEqual(promised)
    promised = last
    const journal = await open(path)
    expect(journal.size, `seed ${seed}, kill ${kill}`).toBeGreaterThan(promised)
    expect(journal.known(`#${promised}`)).toMatchObject({ print: promised.toString(16).padStart(32, '0') })
    await journal.close()
    // oxlint-enable no-await-in-loop
  }
  const journal = await open(path)
  let missing = 0
  for (let index = 0; index <= promised; index++) if (journal.known(`#${index}`) === undefined) missing++
  await journal.close()
  expect(missing).toBe(0)
})
