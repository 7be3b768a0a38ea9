/** The commands that say who works on a batch and how far it is, as a user types them, with a real Redis. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, startProcess, until } from '../distributed/batch-kit.ts'
import type { Process } from '../distributed/batch-kit.ts'
import { NO_REDIS, redisServer } from '../distributed/redis.ts'
import type { BatchStatus, WorkerInfo } from '../../src/distributed/index.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Process => startProcess([MAIN, ...args], env)

async function preq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; said: string }> {
  const { exit, said } = start(args, env)
  return { code: await exit, said: said() }
}

describe.skipIf(NO_REDIS)('preq status and preq workers', () => {
  it('say once a second how far a batch is, and who works on it', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(25)
    using files = folder()
    const broker = ['--broker', redis.url]
    const list = files.at('urls.txt')
    writeFileSync(list, `${server.urls(600).join('\n')}\n`)
    const given = ['--batch', 'b1', '--results', files.at('results'), '--chunk', '100', ...broker]
    expect(await preq(['submit', '-i', list, ...given])).toMatchObject({ code: 0 })
    const watching = start(['status', 'b1', '--watch', ...broker])
    const worker = start(['worker', ...broker, '-c', '4', '--until-empty'])
    await until('it is listed', async () => / b1$/m.test((await preq(['workers', ...broker])).said))
    const [listed] = JSON.parse((await preq(['workers', ...broker, '--format', 'json'])).said) as WorkerInfo[]
    expect(listed).toMatchObject({ pid: worker.child.pid, batches: [{ batch: 'b1' }] })
    expect((await preq(['status', 'b1', ...broker])).said).toMatch(/workers {3}1, .+ requests\/s/)
    expect(await worker.exit).toBe(0)
    expect(worker.said()).toBe('')
    expect(await watching.exit).toBe(0)
    const lines = watching
      .said()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as BatchStatus)
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.at(-1)).toMatchObject({ state: 'done', ok: 600, live: { ok: 600, left: 0 } })
  }, 60_000)
})
