/** Plays one response as raw bytes on a loopback server, and requests it with our client. */
import { rawServer } from '../../test/support/raw-server.ts'
import type { RawRequest } from '../../test/support/raw-server.ts'
import { clientOf } from '../../test/support/ask.ts'
import type { AskOptions } from '../../test/support/ask.ts'
import type { RequestSpec } from '../../src/index.ts'

/** A server that answers at all does so at once. */
const PATIENCE_MS = 3_000
/** Trials at the same time; each has a server, a client and a connection. */
const AT_ONCE = 20

export interface Answer {
  /** Latin-1, so that every byte can be written. */
  readonly bytes: string
  /** Whether the connection ends after the bytes. */
  readonly isLast: boolean
}

export interface Ending {
  /** `'ok'` or our error code. */
  readonly code: string
  /** Undefined if no response was accepted. */
  readonly status: number | undefined
  /** Latin-1. */
  readonly body: string
}

/**
 * @param answer the response to each request
 * @param specOf the request for this origin; every status is accepted unless it says otherwise
 */
export async function play(
  answer: (request: RawRequest) => Answer,
  specOf: (origin: string) => RequestSpec,
  options: AskOptions = {},
): Promise<Ending> {
  await using server = await rawServer(async connection => {
    for (;;) {
      const { bytes, isLast } = answer(await connection.request())
      if (bytes !== '') await connection.send(bytes)
      if (isLast) return connection.fin()
    }
  })
  await using client = clientOf({ timeout: PATIENCE_MS, ...options })
  const spec = { acceptStatus: () => true, ...specOf(server.origin) }
  const outcome = await client.request(spec, { onFailure: 'settle', returnType: 'content' })
  if (outcome.error?.code.startsWith('invalid_request/') === true) throw outcome.error
  const { response } = outcome
  const body = outcome.ok ? outcome.value : (outcome.error.response?.body ?? new Uint8Array(0))
  return {
    code: outcome.ok ? 'ok' : outcome.error.code,
    status: response?.status ?? outcome.error?.response?.status,
    body: Buffer.from(body).toString('latin1'),
  }
}

/** Calls `run` for each item, several at a time; results are in the order of the items. */
export async function inTurns<Item, Value>(
  items: readonly Item[],
  run: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = []
  const left = items.entries()
  const work = async (): Promise<void> => {
    for (const [i, item] of left) values[i] = await run(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return values
}
