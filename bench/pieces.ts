/**
 * Memory used by bodies in very small chunks: chunks of one byte in HTTP/1.1, frames of one byte in HTTP/2. The bound
 * is the memory of the same bodies in large chunks, plus its size limit and a quarter of a MiB for each request in
 * flight.
 *
 * Measured after a full garbage collection, when everything but the last byte of each body has arrived, or, where
 * `onChunk` waits at its first chunk, when nothing more arrives.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const CONCURRENCY = 4
const CAP_BYTES = 2 ** 20
const MORE_BYTES = 256 * 2 ** 10
const LARGE_PIECE_BYTES = 16_384
/** Time for what is still on its way between the two processes. */
const QUIET_MS = 1_000

interface Memory {
  readonly bytes: number
  readonly maxRssBytes: number
}

type Taker = 'collected' | 'waiting'

const start = (name: string, args: readonly unknown[]): ChildProcess =>
  fork(new URL(`./support/${name}.ts`, import.meta.url), args.map(String), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })

async function memoryOf(protocol: string, taker: Taker, pieceBytes: number): Promise<Memory> {
  const server = start('pieces-server', [protocol, CAP_BYTES, pieceBytes])
  const [url] = (await once(server, 'message')) as [string]
  let held = 0
  const allHeld = new Promise<void>(resolve => {
    server.on('message', () => ++held === CONCURRENCY && resolve())
  })
  const client = start('pieces-run', [url, CONCURRENCY, CAP_BYTES, taker])
  const died = once(client, 'exit').then(() => Promise.reject(new Error('the client has ended too early')))
  died.catch(() => undefined)
  await Promise.race([taker === 'collected' ? allHeld : sleep(2 * QUIET_MS), died])
  await sleep(QUIET_MS)
  client.send('measure')
  const [memory] = (await Promise.race([once(client, 'message'), died])) as [Memory]
  const ended = once(client, 'message')
  if (taker === 'waiting') await Promise.race([allHeld, ended])
  server.send('finish')
  const [said] = (await Promise.race([ended, died])) as [string]
  if (said !== 'ok') throw new Error(said)
  server.disconnect()
  return memory
}

const inMib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

let isHeld = true
for (const protocol of ['http/1.1', 'h2']) {
  for (const taker of ['collected', 'waiting'] as const) {
    const base = await memoryOf(protocol, taker, LARGE_PIECE_BYTES)
    const small = await memoryOf(protocol, taker, 1)
    const bound = base.bytes + CONCURRENCY * (CAP_BYTES + MORE_BYTES)
    const ok = small.bytes <= bound
    isHeld &&= ok
    console.log(
      `${protocol.padEnd(8)} ${taker.padEnd(9)} live ${inMib(small.bytes)} MiB, in large pieces ${inMib(base.bytes)}, ` +
        `bound ${inMib(bound)}: ${ok ? 'held' : 'NOT held'} (most RSS ${inMib(small.maxRssBytes)} and ${inMib(base.maxRssBytes)})`,
    )
  }
}
process.exitCode = isHeld ? 0 : 1
