/** A run file on a disk that is really full, and a pipe in its place. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRunFile } from '../../src/store/run-file.ts'
import { folder } from '../support/run-lines.ts'

const PROGRAM = join(import.meta.dirname, '../support/run-file-process.ts')
const newPath = (): string => join(folder(), 'run.jsonl')
const open = (path: string, durability: 'process' | 'power' = 'process') => openRunFile(path, { durability })

describe('a failing disk', () => {
  const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

  it.skipIf(!mounts)(
    'a disk that is really full ends the run with complete lines, including all that were reported as safe',
    async () => {
      // The mount is visible to these processes only, so the copy goes to a folder that exists outside as well.
      const [small, copy] = [folder(), newPath()]
      const script = 'mount -t tmpfs -o size=300k tmpfs "$1" && "$2" "$3" fill "$1/run.jsonl"; cp "$1/run.jsonl" "$4"'
      const { stdout, stderr } = spawnSync(
        'unshare',
        ['-rm', 'sh', '-c', script, 'sh', small, process.execPath, PROGRAM, copy],
        { encoding: 'utf8' },
      )
      expect(stderr).toBe('')
      const said = stdout.trimEnd().split('\n')
      expect(said.slice(-3)).toEqual(['ENOSPC', 'ENOSPC', 'closed'])
      const journal = await open(copy)
      expect(journal.dropped).toBeUndefined()
      expect(journal.size).toBeGreaterThan(Number(said.at(-4)))
      expect(journal.size).toBeGreaterThan(500)
      await journal.close()
    },
  )
})

it.skipIf(process.platform === 'win32')('a path that is a pipe is refused', async () => {
  const pipe = newPath()
  spawnSync('mkfifo', [pipe])
  await expect(open(pipe)).rejects.toThrow('it is a device, a pipe or a socket')
})
