/** One process at a time submits a batch or orders a retry of it. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { patiently } from './add-chunks.ts'
import type { Broker } from './broker.ts'
import { ConfigError } from '../../core/error.ts'

const LOOK_MS = 200
/** A process that was killed holds its turn for this long. */
const LOCK_MS = 5_000

/** @param work calls `keep` before it writes: a process that was stopped for a while may have lost its turn */
export async function withTurn<T>(
  broker: Broker,
  batch: string,
  work: (keep: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const token = randomUUID()
  await takeTurn(broker, batch, token)
  const renewing = setInterval(() => void broker.prolong(batch, token, LOCK_MS).catch(() => undefined), LOCK_MS / 4)
  try {
    return await work(() => keepTurn(broker, batch, token))
  } finally {
    clearInterval(renewing)
    await broker.unlock(batch, token).catch(() => undefined)
  }
}

/** Waits for the lock of a process that was killed to expire. One that lives prolongs it. */
async function takeTurn(broker: Broker, batch: string, token: string): Promise<void> {
  const until = Date.now() + LOCK_MS + 2_000
  while (!(await broker.lock(batch, token, LOCK_MS))) {
    if (Date.now() > until) {
      throw new ConfigError([
        `batch: ${batch} is being submitted by another process. Wait until it has ended, or choose another name.`,
      ])
    }
    await sleep(LOOK_MS)
  }
}

async function keepTurn(broker: Broker, batch: string, token: string): Promise<void> {
  if (await patiently(() => broker.prolong(batch, token, LOCK_MS))) return
  if (await patiently(() => broker.lock(batch, token, LOCK_MS))) return
  throw new ConfigError([
    `batch: ${batch} is being submitted by another process, which has taken over. Nothing is lost; wait until it has ended.`,
  ])
}
