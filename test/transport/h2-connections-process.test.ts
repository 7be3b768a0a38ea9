/** HTTP/2 in a process of its own: what keeps it alive, and what it loads. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { tlsFixture } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'
import { nodeServer } from '../support/node-h2-server.ts'

describe('http2', () => {
  const source = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
  const run = async (script: string, env: NodeJS.ProcessEnv = {}): Promise<{ out: string; tookMs: number }> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    let out = ''
    let saidAtMs = Infinity
    child.stdout.on('data', (chunk: Buffer) => {
      saidAtMs = performance.now()
      out += chunk.toString()
    })
    expect(await new Promise(resolve => child.on('exit', resolve))).toBe(0)
    return { out, tookMs: performance.now() - saidAtMs }
  }

  it('does not keep a process alive', async () => {
    await using server = await nodeServer()
    const { out, tookMs } = await run(
      `import { ParallelRequests } from ${source}
      const client = new ParallelRequests({ http2: true, tls: { ca: process.env.TEST_CA } })
      const outcome = await client.request(${JSON.stringify(server.origin)}, { onFailure: 'settle' })
      console.log(outcome.response.protocol)`,
      { TEST_CA: tlsFixture('ca') },
    )
    expect(out).toBe('h2\n')
    expectFigure(tookMs).toBeLessThan(2_000)
  })

  it('loads no code of HTTP/2 without the option', async () => {
    await using server = await nodeServer({ allowHTTP1: true })
    const loaded = async (options: string): Promise<string> => {
      const script = `import { ParallelRequests } from ${source}
        const client = new ParallelRequests({ tls: { ca: process.env.TEST_CA } ${options} })
        const outcome = await client.request(${JSON.stringify(server.origin)}, { onFailure: 'settle' })
        console.log(outcome.response.protocol, process.moduleLoadList.includes('NativeModule internal/http2/core'))
        await client.close()`
      return (await run(script, { TEST_CA: tlsFixture('ca') })).out.trim()
    }
    expect(await loaded(', http2: true')).toBe('h2 true')
    expect(await loaded('')).toMatch(/^http\/1\.1 /)
  })
})
