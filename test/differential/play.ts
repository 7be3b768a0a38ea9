/** Plays one answer to every client, and requests it with curl and with this library. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { clientOf } from '../support/ask.ts'
import { rawServer } from '../support/raw-server.ts'
import type { RawServer } from '../support/raw-server.ts'
import type { Answer } from './answer.ts'

/** How long both wait for an answer that never ends. */
const SHORT_MS = 500
/** How long they wait for any other one: a busy machine is late. */
const LONG_MS = 30_000
const MAX_BYTES = 100_000

/** No configuration file, no proxy, no globbing, and the same limits as in our client. */
const CURL = [
  '--disable --silent --globoff --noproxy * --http1.1 --compressed --location --max-redirs 10'.split(' '),
  ['--max-filesize', String(MAX_BYTES)],
].flat()

/** Every request on every connection gets the answer, as long as the answer leaves the connection open. */
export const playing = ({ bytes, end }: Answer): Promise<RawServer> =>
  rawServer(async connection => {
    for (;;) {
      await connection.request()
      if (bytes.byteLength > 0) await connection.send(bytes)
      if (end === 'hold') continue
      // A reset discards bytes that the other side has not read yet, so it waits.
      if (end === 'rst' && bytes.byteLength > 0) await connection.wait(20)
      return connection[end]()
    }
  })

export interface CurlResult {
  readonly exit: number
  readonly body: Buffer
}

/**
 * @param isEndless the answer never ends
 */
export async function curlOf(origin: string, isEndless: boolean): Promise<CurlResult> {
  const limit = String((isEndless ? SHORT_MS : LONG_MS) / 1_000)
  const child = spawn('curl', [...CURL, '--max-time', limit, origin], { stdio: ['ignore', 'pipe', 'ignore'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const [exit] = (await once(child, 'close')) as [number]
  return { exit, body: Buffer.concat(parts) }
}

export interface OurResult {
  /** `'ok'` or the error code. */
  readonly code: string
  readonly body: Uint8Array
}

/**
 * @param isEndless the answer never ends
 */
export async function oursOf(origin: string, isEndless: boolean): Promise<OurResult> {
  await using client = clientOf({ maxRetries: 0, timeout: isEndless ? SHORT_MS : LONG_MS, maxResponseBytes: MAX_BYTES })
  const outcome = await client.request(origin, { onFailure: 'settle', returnType: 'content' })
  return outcome.ok
    ? { code: 'ok', body: outcome.value }
    : { code: outcome.error.code, body: outcome.error.response?.body ?? new Uint8Array(0) }
}
