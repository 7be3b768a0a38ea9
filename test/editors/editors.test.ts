/** What users see while they write: completions, hover texts and messages, under the oldest and the newest TypeScript. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { editor59, editor7 } from './language-services.ts'
import type { Editor } from './language-services.ts'

/** `/*name*\/` marks a position. */
const PROGRAM = `import * as v from 'valibot'
import { /*parallelRequests*/parallelRequests, ParallelRequests } from 'parallel-requests'
import { csv } from 'parallel-requests/sinks'

interface Repo { name: string; stars: number }
const Repo = v.object({ name: v.string(), stars: v.number() })
const urls = ['https://api.example.com/repos/nodejs/node']
const client = new /*ParallelRequests*/ParallelRequests({ /*concurrency*/concurrency: 5, /*options*/ })

await /*oneShot*/parallelRequests(urls, { /*rateLimit*/rateLimit: '10/s', /*maxRetries*/maxRetries: 5, /*paginate*/paginate: 'link' })
await client./*assertedPages*/request<Repo>(urls, { paginate: 'link', items: 'data' })
client.stream(urls, { /*order*/order: 'input', /*window*/window: 10 })
await client.drain(urls, { /*timeout*/timeout: '10s', /*sinkOption*/sink: csv('b.csv') })
await parallelRequests(urls, { onFailure: '/*onFailure*/' })
await parallelRequests(urls, { returnType: '/*returnType*/' })
await parallelRequests([{ url: urls[0] ?? '', returnType: '/*specReturnType*/' }])
await client./*request*/request(urls)
const /*keyed*/keyed = await client.request(urls, { keys: ['node'], parseFunc: (repo: Repo) => repo })
const /*asserted*/asserted = await client.request<Repo, ['node']>(urls, { keys: ['node'] })
for await (const outcome of client./*stream*/stream(urls, { schema: Repo })) console.log(outcome.value?./*streamed*/stars)
await client./*drain*/drain(urls, {
  schema: Repo,
  sink: { write: /*sink*/outcome => console.log(outcome.value?./*value*/stars), close() {} },
})
const sink = csv<Repo>('a.csv', { columns: [{ name: 'stars', value: row => row.value?./*column*/stars }] })
await client.drain(urls, { schema: Repo, sink })
await client.request(urls, { onFailure: 'ignore' })
await client.request(urls, { returnType: 'xml' })
console.log(keyed, asserted)
`
const positions = new Map<string, number>()
for (const { 0: mark, 1: name = '', index } of PROGRAM.matchAll(/\/\*(\w+)\*\//g))
  positions.set(name, index + mark.length)

let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'parallel-requests-')))
  const link = (target: string, name: string): void => {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(resolve(target), path, 'dir')
  }
  link('.', 'parallel-requests')
  for (const name of ['valibot', '@types/node', '@standard-schema/spec', 'undici-types'])
    link(`node_modules/${name}`, name)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program.ts'] }))
  writeFileSync(join(folder, 'program.ts'), PROGRAM)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FAILURE_MODES = ['throw', 'null', 'settle']
const RETURN_TYPES = ['auto', 'json', 'text', 'content', 'response', 'stream', 'ndjson', 'sse', 'file']

describe.each([
  ['5.9', async (path: string, config: string) => editor59(path, config)],
  ['7', (path: string) => editor7(path)],
] as const)('an editor with TypeScript %s', (_version, open) => {
  let editor: Editor

  beforeAll(async () => {
    editor = await open(join(folder, 'program.ts'), join(folder, 'tsconfig.json'))
  })
  afterAll(() => editor.close())

  const at = (name: string): number => positions.get(name) as number

  test.each([
    ['onFailure', FAILURE_MODES],
    ['returnType', RETURN_TYPES],
    ['specReturnType', RETURN_TYPES],
  ])('offers every value of %s', async (name, values) => {
    expect((await editor.completions(at(name))).toSorted()).toEqual(values.toSorted())
  })

  test('offers the options of a client', async () => {
    const offered = await editor.completions(at('options'))
    expect(offered).toEqual(expect.arrayContaining(['rateLimit', 'perHost', 'timeout', 'retry', 'proxy']))
    expect(offered).not.toContain('keys')
  })

  test.each([
    ['parallelRequests', 'Sends any number of requests in parallel', 'parallelRequests<Repo>(urls, { concurrency: 5,'],
    ['oneShot', 'Sends a batch and waits for all of it.', "client.request(urls, { onFailure: 'null' })"],
    ['ParallelRequests', 'Makes a client that lives until `close()`.', 'new ParallelRequests({ concurrency: 5,'],
    ['request', 'Sends a batch and waits for all of it.', "client.request(urls, { onFailure: 'null' })"],
    [
      'assertedPages',
      '`T` asserts the type of each item',
      "client.request<Repo>(urls, { paginate: 'link', items: 'data' })",
    ],
    ['stream', 'Pulls requests lazily and yields outcomes as they finish', 'of client.stream(urls)'],
    ['drain', 'Sends all requests and keeps no outcomes', "client.drain(urls, { sink: jsonLines('results.jsonl') })"],
    ['concurrency', 'Default 20', 'concurrency: 50'],
    ['rateLimit', '0 and `Infinity` are a ConfigError', "rateLimit: ['10/s', '5000/h']"],
    ['maxRetries', 'Default 3. 0 = none', 'maxRetries: 5'],
    ['paginate', 'Requests all pages of each URL', "paginate: 'link'"],
    ['order', 'in the order of the input', "order: 'input'"],
    ['window', '`Infinity` = no limit', 'window: 10_000'],
    ['timeout', "Default `'30s'`", "timeout: '10s'"],
    ['sinkOption', 'Gets each outcome.', "sink: jsonLines('results.jsonl')"],
  ])('shows what %s does, with an example', async (name, sentence, example) => {
    const shown = (await editor.hover(at(name))).replaceAll(/\s+/g, ' ')
    expect(shown).toContain(sentence)
    expect(shown).toContain(example)
  })

  test.each([
    ['keyed', /node: (?:NoInfer<)?Repo/],
    ['asserted', /node: Repo/],
    ['streamed', /stars: number/],
    ['sink', /Outcome<\{\s*name: string;\s*stars: number;?\s*\}/],
    ['value', /stars: number/],
    ['column', /stars: number/],
  ])('knows the type of %s', async (name, type) => {
    expect(await editor.hover(at(name))).toMatch(type)
  })

  test('names every value of an option in the message about a wrong one', async () => {
    const errors = (await editor.errors()).join('\n')
    for (const value of FAILURE_MODES) expect(errors).toContain(`"${value}"`)
    for (const value of ['json', 'text', 'content', 'response']) expect(errors).toContain(`"${value}"`)
    expect(errors).toContain('"ignore"')
    expect(errors).toContain('"xml"')
  })
})
