/** The commands for a batch over many machines, as a user types them, with a real Redis. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, lasting, linesOf, startProcess, until } from '../distributed/batch-kit.ts'
import type { Process } from '../distributed/batch-kit.ts'
import { NO_REDIS, redisServer } from '../distributed/redis.ts'
import { connectRedis } from '../../src/distributed/redis.ts'
import { readArgs } from '../../src/cli/args.ts'
import { BATCH_COMMANDS } from '../../src/cli/batch/commands.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Process => startProcess([MAIN, ...args], env)

async function preq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; said: string }> {
  const { exit, said } = start(args, env)
  return { code: await exit, said: said() }
}

it('the help of each command for batches fits a screen of 24 × 80', () => {
  for (const name of Object.keys(BATCH_COMMANDS)) {
    const args = readArgs([name, '--help'])
    const text = 'text' in args ? args.text : ''
    expect(text).toMatch(new RegExp(`^Usage: preq ${name}\\b`))
    const lines = text.trimEnd().split('\n')
    expect(lines.length).toBeLessThan(24)
    expect(lines.filter(line => line.length > 80)).toEqual([])
  }
})

it('preq submit names all flags that are missing, and preq collect refuses a name that is not of JSON lines', async () => {
  const { code, said } = await preq(['submit', 'http://127.0.0.1:1/'])
  expect(code).toBe(2)
  for (const flag of ['--batch NAME', '--results FOLDER', '--broker redis://']) expect(said).toContain(`Add ${flag}`)
  for (const name of ['out.csv', 'out.sqlite', 'out.json']) {
    expect(await preq(['collect', '--results', 'none', '-o', name])).toMatchObject({
      code: 2,
      said: expect.stringContaining(`expected a file that ends in .jsonl, got ${name}`) as string,
    })
  }
})

it('commands for batches refuse flags that would be without effect', async () => {
  for (const command of ['status', 'pause', 'cancel', 'resume', 'reconcile', 'dead', 'delete', 'batches', 'workers']) {
    const name = command === 'batches' || command === 'workers' ? [] : ['b']
    expect(await preq([command, ...name, '--broker', 'redis://127.0.0.1:1', '--rate', '5/s'])).toMatchObject({
      code: 2,
      said: expect.stringContaining(`${command}: --rate is a flag of a run. See preq ${command} --help.`) as string,
    })
  }
})

describe.skipIf(NO_REDIS)('preq submit, worker and collect', () => {
  it('give what a local run gives, although a worker is killed', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const broker = ['--broker', redis.url]
    const list = files.at('urls.txt')
    writeFileSync(list, `# prices\n\n${server.urls(1_500).join('\n')}\n`)
    const results = files.at('results')
    const submitted = await preq([
      'submit',
      '-i',
      list,
      ...broker,
      '--batch',
      'b1',
      '--results',
      results,
      '--chunk',
      '100',
    ])
    expect(submitted).toMatchObject({ code: 0, said: expect.stringContaining('1500 requests in 15 chunks') as string })
    const [killed, other] = [
      start(['worker', ...broker, '-c', '8']),
      start(['worker', ...broker, '-c', '8', '--until-empty']),
    ]
    await until('requests arrive', () => server.hits.size > 300)
    killed.child.kill('SIGKILL')
    expect(await other.exit).toBe(0)
    expect((await preq(['status', 'b1', ...broker])).said).toContain('15 of 15 done')
    const output = files.at('out.jsonl')
    expect(await preq(['collect', 'b1', ...broker, '-o', output])).toEqual({
      code: 0,
      said: 'preq: 1500 results: 1500 ok, 0 failed.\n',
    })
    expect((await preq(['collect', 'b1', ...broker, '-o', output])).said).toContain('exists')
    const local = files.at('local.jsonl')
    writeFileSync(local, `${readFileSync(output, 'utf8').split('\n')[0]}\n`)
    expect(await preq(['-i', list, '-o', local, '--resume', '-q'])).toMatchObject({ code: 0 })
    const expected = linesOf(local).toSorted((a, b) => a.index - b.index)
    expect(linesOf(output).map(lasting)).toEqual(expected.map(lasting))
    // It is a run file: nothing is left to send.
    const before = server.extra()
    expect(await preq(['-i', list, '-o', output, '--resume', '-q'])).toMatchObject({ code: 0 })
    expect(server.extra()).toBe(before)
  })

  it('fill templates in when they are submitted, and read secrets in the worker', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0, (request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify([request.method, request.url, request.headers.authorization, request.headers['x-key']]),
      )
    })
    using files = folder()
    const broker = ['--broker', redis.url]
    const table = files.at('rows.csv')
    writeFileSync(table, 'id,name\n1,"a, b"\n2,c\n')
    const given = ['--results', files.at('results'), '--batch', 'b2', ...broker]
    const run = [`${server.base}{id}`, '-i', table, '--json', '{"name": "{name}"}', '-H', 'X-Key: env:BATCH_KEY']
    expect(await preq(['submit', ...given, ...run, '--bearer', 'env:BATCH_TOKEN'])).toMatchObject({ code: 0 })
    const worker = ['worker', ...broker, '--batch', 'b2', '--until-empty']
    expect((await preq(worker)).said).toContain('expected the secret in the variable')
    const env = { BATCH_TOKEN: 'canary-1', BATCH_KEY: 'canary-2' }
    expect(await preq(worker, env)).toMatchObject({ code: 0 })
    const { said } = await preq(['collect', 'b2', ...broker])
    expect(said).toContain('["POST","/1","Bearer canary-1","canary-2"]')
    const client = await connectRedis(redis.url, 'broker')
    const manifest = await client.get('{preq}:b2:preq-manifest')
    client.disconnect()
    expect(manifest).toContain('env:BATCH_TOKEN')
    expect(manifest).not.toContain('canary')
  })

  it('refuse secrets, a name that is taken, a batch that is not done, and the deletion of a running batch', async () => {
    await using redis = await redisServer(['--maxmemory-policy', 'allkeys-lru'])
    await using server = await countingServer(200)
    using files = folder()
    const broker = ['--broker', redis.url]
    const list = files.at('urls.txt')
    writeFileSync(list, `${server.urls(400).join('\n')}\n`)
    const submit = ['submit', '-i', list, ...broker, '--batch', 'b3', '--results', files.at('results'), '--chunk', '50']
    expect((await preq([...submit, '--bearer', 's3cret'])).said).toContain('expected a reference such as env:API_TOKEN')
    expect(existsSync(files.at('results'))).toBe(false)
    const { code, said } = await preq(submit)
    expect(code).toBe(0)
    expect(said).toContain('the eviction policy of Redis is allkeys-lru')
    expect((await preq(['doctor', ...broker])).code).toBe(1)
    expect((await preq([...submit, '--retries', '9'])).said).toContain('other options')
    const elsewhere = submit.map(word => (word === files.at('results') ? files.at('others') : word))
    expect((await preq(elsewhere)).said).toContain('expected a new name, got b3')
    expect((await preq(['collect', 'b3', ...broker, '-o', files.at('o.jsonl')])).said).toContain('--partial')
    const worker = start(['worker', ...broker, '-c', '2', '--grace', '0s'])
    await until('requests arrive', () => server.hits.size > 2)
    expect((await preq(['delete', 'b3', ...broker])).said).toContain('workers have')
    expect((await preq(['pause', 'b3', ...broker])).code).toBe(0)
    await until('the chunks are back', async () =>
      (await preq(['status', 'b3', ...broker])).said.includes('0 with workers'),
    )
    expect((await preq(['resume', 'b3', ...broker])).code).toBe(0)
    await until(
      'chunks are taken',
      async () => !(await preq(['status', 'b3', ...broker])).said.includes('0 with workers'),
    )
    expect((await preq(['cancel', 'b3', ...broker])).code).toBe(0)
    await until('the chunks are given up', async () =>
      (await preq(['status', 'b3', ...broker])).said.includes('0 with workers'),
    )
    worker.child.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
    // Its chunks were handed back, and are not taken from the queue.
    expect(await preq(['status', 'b3', '--watch', ...broker])).toMatchObject({ code: 1 })
    expect((await preq(['batches', ...broker])).said).toMatch(
      /^BATCH +STATE +CHUNKS .* AGE\nb3 +cancelled +\d\/8 +400 +0 +\d+[sm]\n$/,
    )
    expect((await preq(['delete', 'b3', ...broker, '--files'])).said).toBe('preq: batch b3 is deleted.\n')
    expect((await preq(['batches', ...broker])).said).toBe('preq: there is no batch at this Redis.\n')
    expect((await preq(['batches', '--format', 'json', ...broker])).said).toBe('[]\n')
  })

  it('say where the results of a deleted batch stay, how to get it back, and that a worker waits for a batch', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0)
    using files = folder()
    const broker = ['--broker', redis.url]
    const results = files.at('results')
    const submit = ['submit', server.urls(1)[0] as string, ...broker, '--batch', 'b6', '--results', results]
    const waiting = start(['worker', '--batch', 'b6', '--until-empty', ...broker])
    await until('the worker waits', () =>
      waiting.said().includes('batch b6 is not at this Redis yet, and is waited for.'),
    )
    expect(waiting.said()).toContain('There is none.')
    expect((await preq(submit)).code).toBe(0)
    expect(await waiting.exit).toBe(0)
    expect((await preq(['delete', 'b6', ...broker])).said).toBe(
      `preq: batch b6 is deleted. Its results stay in ${results}.\n`,
    )
    expect((await preq(['status', 'b6', ...broker])).said).toContain(
      'If Redis has lost it, preq reconcile b6 --results FOLDER puts it back.',
    )
    expect((await preq(['reconcile', 'b6', '--results', results, ...broker])).code).toBe(0)
    expect((await preq(['status', 'b6', ...broker])).said).toContain('b6: done')
  })
})

describe.skipIf(NO_REDIS)('preq limits', () => {
  it('shows the rates of a batch, and changes those that are given', async () => {
    await using redis = await redisServer()
    using files = folder()
    const broker = ['--broker', redis.url]
    const given = ['--batch', 'b4', '--results', files.at('results'), ...broker, '--share-name', 'shop']
    const rates = ['--rate', '500/s', '--rate-burst', '50', '--host-limit', 'api.example=50/s,2']
    expect(await preq(['submit', 'http://127.0.0.1:9/', ...given, ...rates])).toMatchObject({ code: 0 })
    const shown =
      'b4:\nall hosts    500/s, 50 at once\neach host    no limit\napi.example  50/s\nshared as    shop\n' +
      'changed      not since the submit\n'
    expect(await preq(['limits', 'b4', ...broker])).toEqual({ code: 0, said: shown })
    const change = ['--host-limit', '*.x.com=100/m', '--per-host-rate', '9/s', '--rate', '200/s', '--rate', '1000/m']
    const { code, said } = await preq(['limits', 'b4', ...broker, ...change])
    expect(code).toBe(0)
    expect(said).toContain('all hosts    200/s; 1000/m\neach host    9/s\napi.example  50/s\n*.x.com      100/m\n')
    expect(said).toMatch(/changed {6}20\d\d-/)
    const json = JSON.parse((await preq(['limits', 'b4', ...broker, '--format', 'json'])).said) as object
    expect(json).toMatchObject({ batch: 'b4', name: 'shop', perHost: [{ limit: 9 }], isKept: true })
    const moved = ['limits', 'b4', ...broker, '--rate', '7/s', '--results', files.at('elsewhere')]
    expect((await preq(moved)).said).toContain('only Redis and the workers know the change. Give --results FOLDER')
    for (const [flags, message] of [
      [['--concurrency', '5'], 'limits: --concurrency is a flag of a run.'],
      [['--host-limit', 'a.b=5'], '--host-limit: expected a rate for a.b, got a concurrency'],
      [['--rate', 'fast'], '--rate: expected a rate'],
    ] as const) {
      const refused = await preq(['limits', 'b4', ...broker, ...flags])
      expect(refused.said).toContain(message)
      expect(refused.code).toBe(2)
    }
    expect((await preq(['limits', 'b5', ...broker])).said).toContain('expected the name of a batch, got b5')
  })
})

it.each([
  [['-o', 'out.jsonl'], 'Results go to --results; give it to preq collect.'],
  [['--share-limits', 'redis://h'], 'The workers of a batch share its rates through its --broker: leave it out.'],
  [['--local-share'], '--local-share: cannot be used with preq submit. It is a flag of preq worker.'],
  [['--share-name', 'a b'], '--share-name: expected 1 to 100 letters, digits'],
])('submit refuses %j before it connects', async (flags, message) => {
  const given = ['--broker', 'redis://127.0.0.1:1', '--batch', 'b1', '--results', '/nowhere', ...flags]
  const { code, said } = await preq(['submit', 'http://127.0.0.1:1/', ...given])
  expect(said).toContain(message)
  expect(code).toBe(2)
})

it('a Redis that is not there is named, with what helps', async () => {
  const { code, said } = await preq(['status', 'b1', '--broker', 'redis://127.0.0.1:1'])
  expect(code).toBe(2)
  expect(said).toContain('no Redis server listens at redis://127.0.0.1:1')
})
