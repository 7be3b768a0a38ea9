/**
 * Orders to send failed requests again. Each is a file in the folder of the results with the codes that are meant and the
 * chunks that have such failures. Those chunks get a further generation: another sealed file, beside the one before.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Chunk } from './chunk.ts'
import { codeOf, createWhole } from './disk.ts'
import { ConfigError } from '../../core/error.ts'
import type { MeantFailures } from '../../core/failure-codes.ts'

export interface RetryOrder {
  readonly v: 1
  /** From 1. */
  readonly generation: number
  /** ISO 8601. */
  readonly at: string
  readonly retryFailed: MeantFailures
  readonly unknownWrites?: 'fail' | 'resend' | undefined
  /** How many failures are meant. */
  readonly requests: number
  /** A bit for each chunk, in Base64. */
  readonly chunks: string
}

/** The generation of a chunk is one byte in Redis. */
export const MOST_GENERATIONS = 255

export const retryFile = (generation: number): string => `retry-${String(generation).padStart(3, '0')}.json`

export async function readOrder(results: string, generation: number): Promise<RetryOrder | undefined> {
  const path = join(results, retryFile(generation))
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  return JSON.parse(text) as RetryOrder
}

/** The order of a retry that a job asks for. Rejects if there is no such order, or if it is not about this chunk. */
export async function orderOf(results: string, { number }: Chunk, generation: number): Promise<RetryOrder> {
  const order = await readOrder(results, generation)
  if (order !== undefined && hasBit(Buffer.from(order.chunks, 'base64'), number)) return order
  throw new Error(`${join(results, retryFile(generation))} does not ask for it`)
}

/** @throws ConfigError if another process has given the order of this generation */
export async function writeOrder(results: string, order: RetryOrder): Promise<void> {
  const path = join(results, retryFile(order.generation))
  if (await createWhole(path, file => file.writeFile(JSON.stringify(order)))) return
  throw new ConfigError(['batch: another retry has begun at the same time. Wait until it is done.'])
}

/** All orders of a batch. */
export class Retries {
  readonly #orders: readonly { readonly order: RetryOrder; readonly chunks: Buffer }[]

  constructor(orders: readonly RetryOrder[]) {
    this.#orders = orders.map(order => ({ order, chunks: Buffer.from(order.chunks, 'base64') }))
  }

  get count(): number {
    return this.#orders.length
  }

  /** The generation that a chunk must have to be done: the last order with the chunk; 0 without one. */
  generationOf(chunk: number): number {
    return this.#orders.findLast(({ chunks }) => hasBit(chunks, chunk))?.order.generation ?? 0
  }

  order(generation: number): RetryOrder | undefined {
    return this.#orders[generation - 1]?.order
  }
}

export async function readRetries(results: string): Promise<Retries> {
  const orders: RetryOrder[] = []
  for (;;) {
    const order = await readOrder(results, orders.length + 1)
    if (order === undefined) return new Retries(orders)
    orders.push(order)
  }
}

export const hasBit = (bits: Uint8Array, at: number): boolean => (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1

export function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7))
}
