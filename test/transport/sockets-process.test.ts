/** Kept-alive connections do not keep a process alive. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const polite: Script = answering(connection => connection.reply())

describe('kept-alive connections', () => {
  it('do not keep a process alive', async () => {
    await using server = await rawServer(polite)
    const script = `import { ParallelRequests } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
      const client = new ParallelRequests()
      await client.request(${JSON.stringify(server.origin)})
      console.log('done')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let doneAtMs = Infinity
    child.stdout.on('data', () => (doneAtMs = performance.now()))
    expect(await new Promise(resolve => child.on('exit', resolve))).toBe(0)
    expectFigure(performance.now() - doneAtMs).toBeLessThan(2_000)
  })
})
