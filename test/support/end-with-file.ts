/** Processes that tests start end with the file of the tests at the latest: a test that has timed out disposes of nothing. */
import type { ChildProcess } from 'node:child_process'

const started = new Set<ChildProcess>()

// Benches start processes as well.
if (process.env['VITEST'] !== undefined) {
  const { afterAll } = await import('vitest')
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL')
  })
}

export function endWithFile(child: ChildProcess): void {
  started.add(child)
  child.once('exit', () => started.delete(child))
}
