/** `preq retry` and `preq dead`, as a user types them, with a real Redis. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startProcess } from '../distributed/batch-kit.ts'
import { NO_REDIS, redisServer } from '../distributed/redis.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname
const POISON = new URL('../distributed/poison.ts', import.meta.url).href

async function preq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; said: string }> {
  const { exit, said } = startProcess([MAIN, ...args], env)
  return { code: await exit, said: said() }
}

const containing = (text: string): string => expect.stringContaining(text) as string

describe.skipIf(NO_REDIS)('preq retry and preq dead', () => {
  it('send the failures again that are named, and list the chunks that could not be run', async () => {
    await using redis = await redisServer()
    let isDown = true
    await using server = await countingServer(0, (request, response) => {
      if (isDown && request.url === '/3') response.statusCode = 503
      if (request.url === '/4') response.statusCode = 404
      response.end('{}')
    })
    using files = folder()
    const list = files.at('urls.txt')
    const text = server.urls(20).join('\n')
    writeFileSync(list, text)
    const broker = ['--broker', redis.url]
    const to = ['--batch', 'b1', '--results', files.at('results'), '--chunk', '10', '--retries', '0']
    expect(await preq(['submit', '-i', list, ...to, ...broker])).toMatchObject({ code: 0 })
    writeFileSync(list, text.replace('/15', '/95'))
    expect(await preq(['worker', '--until-empty', ...broker])).toMatchObject({ code: 1 })
    const dead = await preq(['dead', 'b1', ...broker])
    expect(dead).toMatchObject({ code: 1, said: containing('chunk 1, requests 10 to 19: ') })
    expect(dead.said).toContain('preq reconcile b1 tries the chunks again')
    writeFileSync(list, text)
    await preq(['reconcile', 'b1', ...broker])
    expect(await preq(['worker', '--until-empty', ...broker])).toMatchObject({ code: 0 })
    expect(await preq(['dead', 'b1', ...broker])).toEqual({
      code: 0,
      said: containing('no requests that crash their process'),
    })
    expect((await preq(['status', 'b1', ...broker])).said).toContain('18 ok, 2 failed, 0 left')

    isDown = false
    const retry = ['retry', 'b1', ...broker]
    expect(await preq([...retry, '--retry-only', '5xx,timeout'])).toMatchObject({
      code: 0,
      said: containing('1 request in 1 chunk is sent again'),
    })
    await preq(['worker', '--until-empty', ...broker])
    expect((await preq(['status', 'b1', ...broker])).said).toContain('19 ok, 1 failed, 0 left')
    expect(server.extra()).toBe(1)
    expect((await preq([...retry, '--retry-only', '5xx'])).said).toContain('has no such failure')
    expect(await preq(retry)).toMatchObject({ code: 2, said: containing('Add --retry-only 5xx,timeout') })
    expect(await preq([...retry, '--retry-only', 'timout'])).toMatchObject({ code: 2, said: containing("'timeout'") })
    expect(await preq([...retry, '--retry-failed', '--timeout', '1m'])).toMatchObject({
      code: 2,
      said: containing('--timeout is a flag of preq submit'),
    })
  })

  it('are about a request that ends its worker, whose neighbours have their results', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0, (request, response) =>
      response.end(request.url === '/7' ? '{"poison":"SIGKILL"}' : '{"id":12345678901234567890}'),
    )
    using files = folder()
    const list = files.at('urls.txt')
    writeFileSync(list, server.urls(30).join('\n'))
    const broker = ['--broker', redis.url]
    await preq(['submit', '-i', list, '--batch', 'b1', '--results', files.at('results'), ...broker])
    const worker = ['worker', '--until-empty', '-c', '4', ...broker]
    const env = { NODE_OPTIONS: `--import ${POISON}` }
    expect(await preq(worker, env)).toMatchObject({ code: 'SIGKILL' })
    expect(await preq(worker, env)).toMatchObject({ code: 0 })
    const dead = await preq(['dead', 'b1', '--format', 'json', ...broker])
    expect(dead.code).toBe(1)
    expect(JSON.parse(dead.said)).toMatchObject({ batch: 'b1', requests: [{ index: 7, url: `${server.base}7` }] })
    expect((await preq(['dead', 'b1', ...broker])).said).toContain('preq retry b1 --retry-only resource/poison')
    const output = files.at('out.jsonl')
    expect((await preq(['collect', 'b1', '-o', output, ...broker])).said).toContain(
      `1 failed. preq report ${output} shows why.`,
    )
    const failed = linesOf(output).filter(({ ok }) => !ok)
    expect(failed.map(({ index, error }) => [index, error?.code])).toEqual([[7, 'resource/poison']])
  })
})
