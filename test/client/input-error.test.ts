/** An input that throws after some of its requests were sent: every kind of call reports the outcomes of those. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError, ParallelRequests, isInputError, parallelRequests } from '../../src/index.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'
import { mockTransport } from '../../src/testing/index.ts'

const LOST = new Error('cursor lost')

/** Three POSTs, of which the second is refused, and then the cursor fails. */
async function* rows(): AsyncGenerator<RequestSpec> {
  for (let id = 0; id < 3; id++) yield { url: `http://a.test/${id}`, method: 'POST', body: 'x' }
  throw LOST
}

const transportOf = () =>
  mockTransport(({ index }) => ({ status: index === 1 ? 404 : 200, json: { index }, latencyMs: 10 * index }))

async function errorOf(promise: Promise<unknown>): Promise<InputError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isInputError(error)) throw new Error('expected an InputError', { cause: error })
  return error
}

const endsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map(({ index, ok, error }) => `${index} ${ok ? 'ok' : error?.code}`)

const ENDS = ['0 ok', '1 http/404', '2 ok']

describe('an input that throws', () => {
  test.each([['throw'], ['null'], ['settle']] as const)(
    'with onFailure %s rejects the call with an InputError that has every outcome',
    async onFailure => {
      const error = await errorOf(parallelRequests(rows(), { transport: transportOf(), onFailure }))
      expect(error).toBeInstanceOf(InputError)
      expect([error.name, error.cause, error.total, endsOf(error.outcomes)]).toEqual(['InputError', LOST, 3, ENDS])
      expect(error.message).toBe('cannot read urls to its end: after 3 requests it threw: cursor lost')
    },
  )

  test('before anything was sent gives the same error without outcomes', async () => {
    const atOnce: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(LOST) }) }
    const error = await errorOf(parallelRequests(atOnce, { transport: transportOf() }))
    expect([error.cause, error.total, error.outcomes]).toEqual([LOST, 0, []])
  })

  test('throws from a stream after the outcomes of the requests that were sent', async () => {
    for (const order of ['completed', 'input'] as const) {
      const client = new ParallelRequests({ transport: transportOf() })
      const outcomes: Outcome[] = []
      const reading = async (): Promise<void> => {
        for await (const outcome of client.stream(rows(), { order })) outcomes.push(outcome)
      }
      const error = await errorOf(reading())
      expect([error.cause, endsOf(outcomes), error.outcomes]).toEqual([LOST, ENDS, []])
      await client.close()
    }
  })

  test('rejects a drain after its sink has stored every sent request and is closed', async () => {
    const client = new ParallelRequests({ transport: transportOf() })
    const told: string[] = []
    const sink = {
      write: (outcome: Outcome) => void told.push(...endsOf([outcome])),
      close: async () => void told.push('closed'),
    }
    const error = await errorOf(client.drain(rows(), { sink }))
    expect([error.cause, told.toSorted()]).toEqual([LOST, [...ENDS, 'closed']])
    await client.close()
  })

  test('leaves a run file with the sent requests, and the error has their outcomes, also restored ones', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'input-error-')), 'run.jsonl')
    const options = { resume: path, onFailure: 'settle' } as const
    const first = await errorOf(parallelRequests(rows(), { transport: transportOf(), ...options }))
    expect(endsOf(first.outcomes)).toEqual(ENDS)
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line.includes('"ok"'))
    expect(lines).toHaveLength(3)
    const transport = transportOf()
    const again = await errorOf(parallelRequests(rows(), { transport, ...options }))
    expect([endsOf(again.outcomes), transport.requests]).toEqual([ENDS, []])
  })

  test('gives the same error with workers', async () => {
    const server = await echoServer()
    const input = async function* (): AsyncGenerator<string> {
      yield* [`${server.url}/a`, `${server.url}/b`]
      throw LOST
    }
    const error = await errorOf(parallelRequests(input(), { workers: 1, returnType: 'text' }))
    expect([error.cause, endsOf(error.outcomes)]).toEqual([LOST, ['0 ok', '1 ok']])
  })
})
