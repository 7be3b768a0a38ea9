/** Options of follow-ups that do not go together. */
import { describe, expect, test } from 'vitest'
import { ConfigError, ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const URL = 'http://api.test/'
const transport = mockTransport(() => ({ body: Buffer.from('{"rows":[1,2,3,4]}') }))

const refusal = async (options: object): Promise<string> => {
  const error: unknown = await parallelRequests([URL], { transport, ...options } as object).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(ConfigError)
  return (error as Error).message
}

describe('options of follow-ups', () => {
  test.each([{ until: () => true }, { maxItems: 3 }])('%o needs items', async options => {
    const [name] = Object.keys(options)
    expect(await refusal(options)).toContain(
      `${name}: expected items beside it, got none. Say where the items of a page are: items: 'data.results'.`,
    )
  })

  test.each(['stream', 'file', 'ndjson', 'sse'])(
    'items are not taken from a body that is passed on: %s',
    async type => {
      const receivers = { onChunk: () => undefined, onItem: () => undefined, saveTo: 'x' }
      const message = await refusal({ items: 'rows', returnType: type, ...receivers })
      expect(message).toContain(`items: expected a returnType such as 'json' beside it, got '${type}'.`)
    },
  )

  test('flatten takes neither keys nor another failure mode', async () => {
    const message = await refusal({ flatten: true, items: 'rows', keys: ['a'], onFailure: 'null' })
    expect(message).toContain('flatten: expected no keys beside it')
    expect(message).toContain("flatten: expected onFailure 'throw' beside it, got 'null'")
  })

  test.each([
    { follow: 'next' },
    { items: 7 },
    { items: ' ' },
    { until: 'done', items: 'rows' },
    { maxPages: 0 },
    { maxPages: 1.5 },
    { maxDepth: -1 },
    { maxItems: 0, items: 'rows' },
    { flatten: 'yes' },
  ])('%o is refused', async options => {
    expect(await refusal(options)).toContain(`${Object.keys(options)[0]}: expected`)
  })

  test('flatten is no option of a stream', async () => {
    await using client = new ParallelRequests({ transport })
    expect(() => client.stream([URL], { flatten: true } as object)).toThrow(ConfigError)
  })

  test.each([
    ['follow', () => undefined, 'a function'],
    ['paginate', 'link', 'a string'],
    ['items', 'rows', 'a string'],
  ])('%s is refused in a blocking call, in the options and in a request', (name, value, kind) => {
    const refused = `${name}: expected no follow-ups in parallelRequestsSync, got ${kind}. What follows a response cannot`
    expect(() => parallelRequestsSync(URL, { [name]: value } as object)).toThrow(ConfigError)
    expect(() => parallelRequestsSync(URL, { [name]: value } as object)).toThrow(`${name}: expected no follow-ups`)
    expect(() => parallelRequestsSync([{ url: URL, [name]: value }])).toThrow(`urls[0].${refused}`)
  })
})

describe('a request with options of follow-ups', () => {
  const outcomeOf = async (spec: object, options: object = {}): Promise<string> => {
    const given = { transport, onFailure: 'settle', ...options } as const
    const outcome = await parallelRequests({ url: URL, ...spec }, given as { onFailure: 'settle' })
    return outcome.ok ? `ok: ${JSON.stringify(outcome.value)}` : `${outcome.error.code}: ${outcome.error.message}`
  }

  test('fails alone if it has maxItems, and neither it nor the options have items', async () => {
    expect(await outcomeOf({ maxItems: 3 })).toMatch(/^invalid_request\/options: .*maxItems: expected items beside it/)
    expect(await outcomeOf({ maxItems: 3 }, { items: (page: { rows: unknown[] }) => page.rows })).toBe('ok: [1,2,3]')
  })

  test('fails alone if its body is passed on and the options have items', async () => {
    const options = { items: 'rows', onChunk: () => undefined }
    expect(await outcomeOf({ returnType: 'stream' }, options)).toMatch(/^invalid_request\/options: .*items: expected/)
  })
})
