/** A run file that cannot grow, because the process may not write larger files. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parallelRequests } from '../../../src/index.ts'
import { echo, indexesIn, newRun, sentIndexes, urlsTo } from '../../support/resumed.ts'

describe.skipIf(process.platform === 'win32')('when the run file cannot grow', () => {
  const PROGRAM = join(import.meta.dirname, '../../support/full-disk-process.ts')

  test.each(['request', 'stream', 'drain'] as const)(
    '%s rejects with resource/run_file, and only requests with a line count as done',
    how => {
      const path = newRun()
      // In blocks of 512 or 1,024 bytes, depending on the shell.
      const { stdout, stderr, status } = spawnSync(
        '/bin/sh',
        ['-c', 'ulimit -f 16; exec "$@"', 'sh', process.execPath, PROGRAM, how, path],
        { encoding: 'utf8' },
      )
      expect([stderr, status]).toEqual(['', 0])
      const { code, message, cause, arrived, ok } = JSON.parse(stdout) as Record<string, unknown>
      expect([code, cause]).toEqual(['resource/run_file', 'EFBIG'])
      expect(message).toContain(path)
      const done = indexesIn(path)
      expect(done.length).toBeGreaterThan(10)
      expect(done.length).toBeLessThan(200)
      // Nothing more was sent once the failure was known: one group of lines that failed, and the attempts in flight
      // meanwhile.
      expect(arrived).toBeLessThanOrEqual(done.length + 40)
      // Lines of the failed group may be complete.
      expect((ok as number[]).filter(index => !done.includes(index))).toEqual([])
      expect((ok as number[]).length).toBeGreaterThan(how === 'request' ? -1 : 0)
      expect(existsSync(`${path}.lock`)).toBe(false)
    },
  )

  test('the next run continues as soon as there is room again', async () => {
    const path = newRun()
    spawnSync('/bin/sh', ['-c', 'ulimit -f 16; exec "$@"', 'sh', process.execPath, PROGRAM, 'request', path])
    const done = indexesIn(path)
    const transport = echo()
    expect(await parallelRequests(urlsTo(200), { transport, resume: path })).toHaveLength(200)
    expect([...sentIndexes(transport), ...done].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, n) => n),
    )
  })
})
