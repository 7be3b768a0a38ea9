/**
 * Submits a batch: its input becomes chunks, each a job. The list of the chunks in the folder of the results is written
 * before the jobs, so a submit that is killed goes on there when it is run again, and jobs that Redis loses are known.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, ftruncateSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from './broker.ts'
import { addChunks, patiently } from './add-chunks.ts'
import { ChunkIndex, digestOf } from './chunk-index.ts'
import type { Chunk } from './chunk.ts'
import { defaultChunkRows } from './chunk-size.ts'
import { createWhole, makeFolders } from './disk.ts'
import { chunksOfFile } from './file-chunks.ts'
import type { FileToRead } from './file-chunks.ts'
import { fileOf, readManifest, readSubmitted, writeManifest } from './manifest.ts'
import type { FileRows, Manifest } from './manifest.ts'
import { reconcile } from './reconcile.ts'
import { manifestProblem, signManifest } from './signature.ts'
import { withTurn } from './turn.ts'
import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../../core/error.ts'
import type { RatesByHost } from '../../core/shared-limits.ts'
import { systemReason } from '../../core/system-reason.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

export type SubmitInput =
  /** Each is the JSON of one request. */
  | { readonly kind: 'rows'; readonly rows: AsyncIterable<string> | Iterable<string> }
  | ({ readonly kind: 'file' } & FileToRead)

export interface SubmitParts {
  readonly broker: Broker
  readonly batch: string
  readonly results: string
  /** Default: by the length of the input. */
  readonly chunkRows?: number | undefined
  readonly input: SubmitInput
  readonly plan: Manifest['plan']
  readonly shareName?: string | undefined
  readonly rates: RatesByHost
}

/** What was submitted. */
export interface SubmitResult {
  /** The name of the batch. */
  readonly batch: string
  /** Requests of the batch. */
  readonly requests: number
  /** Chunks of the batch. */
  readonly chunks: number
  /** Chunks that a submit before has made. */
  readonly known: number
}

/** Jobs are added in groups of at most this many. */
const BULK = 64
/** And at most this many bytes. */
const BULK_BYTES = 4_000_000
/** With more waiting chunks than this, an inline submit waits: their rows are in the memory of Redis. */
const MOST_WAITING = 2_000
const LOOK_MS = 200

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/

export function checkName(batch: unknown): asserts batch is string {
  if (typeof batch === 'string' && NAME.test(batch)) return
  throw new ConfigError([
    `batch: expected a name of letters, digits, '-', '_' and '.', got ${JSON.stringify(batch)}. Choose one such as 'orders-2026'.`,
  ])
}

export async function submitBatch(parts: SubmitParts): Promise<SubmitResult> {
  const { broker, batch } = parts
  checkName(batch)
  return withTurn(broker, batch, keep => submitAlone(parts, keep))
}

async function submitAlone(parts: SubmitParts, keep: () => Promise<void>): Promise<SubmitResult> {
  const { broker, batch, input } = parts
  const manifest = await manifestOf(parts)
  const { results } = manifest
  const before = await readSubmitted(results)
  const index = new ChunkIndex(fileOf(results, 'index'), 'a+')
  try {
    const known = index.count
    if (before === undefined) {
      const appending = new Appending(broker, manifest, index, openRows(manifest, index), keep)
      try {
        if (input.kind === 'file')
          for await (const chunk of chunksOfFile(input, manifest.chunkRows, index.last)) await appending.add(chunk)
        else await addRows(input.rows, manifest.chunkRows, index, (chunk, text) => appending.add(chunk, text))
        await appending.flush()
      } finally {
        appending.close()
      }
      const last = index.last
      const whole = { chunks: index.count, rows: last === undefined ? 0 : last.from + last.rows }
      await createWhole(fileOf(results, 'submitted'), file => file.writeFile(JSON.stringify(whole)))
    } else if (input.kind === 'rows') {
      // The size and the time of a file are in the description of the batch; rows have only their digests.
      await addRows(input.rows, manifest.chunkRows, index, ({ from }) => {
        throw otherRows('more', from)
      })
    }
    const last = index.last
    await reconcile({ broker, batch, results })
    return { batch, chunks: index.count, requests: last === undefined ? 0 : last.from + last.rows, known }
  } finally {
    index.close()
  }
}

/** The description of the batch: that of a submit before, if it is the same batch. */
async function manifestOf({
  broker,
  batch,
  chunkRows,
  input,
  plan,
  shareName,
  rates,
  ...parts
}: SubmitParts): Promise<Manifest> {
  const results = resolve(parts.results)
  const rows = input.kind === 'file' ? fileRows(input.path, input.format) : ({ kind: 'inline' } as const)
  const unsigned: Manifest = {
    v: 1,
    version: PACKAGE_VERSION,
    id: randomUUID(),
    batch,
    salt: randomBytes(16).toString('base64url'),
    at: new Date().toISOString(),
    results,
    chunkRows: chunkRows ?? defaultChunkRows(input),
    ...(shareName !== undefined && { shareName }),
    rates,
    rows,
    plan: JSON.parse(JSON.stringify(plan)) as Manifest['plan'],
  }
  const { keys } = broker
  const made = keys === undefined ? unsigned : { ...unsigned, signature: signManifest(unsigned, keys) }
  const there = await broker.manifest(batch)
  if (there !== undefined && there.results !== results) {
    throw new ConfigError([
      `batch: expected a new name, got ${batch}, whose results are in ${there.results}. Choose another name, or delete that batch.`,
    ])
  }
  try {
    makeFolders(results)
    await writeManifest(results, made)
  } catch (error) {
    throw new ConfigError([
      `results: cannot write to the folder ${results}: ${systemReason(error)}. Choose a folder that this user can write to.`,
    ])
  }
  const kept = (await readManifest(results)) ?? made
  const differs = (['batch', 'rows', 'chunkRows', 'plan', 'shareName'] as const).find(
    name => !isDeepStrictEqual(kept[name], made[name]),
  )
  if (differs !== undefined) throw another(kept, results, differs)
  const problem = manifestProblem(kept, keys)
  if (problem !== undefined) throw new ConfigError([`batch: ${problem}`])
  const announced = await broker.announce(kept)
  if (announced.id !== kept.id) throw another(announced, results, 'id')
  return kept
}

const DIFFERENCES = {
  batch: 'another name',
  chunkRows: 'another chunk size',
  rows: 'another input, or one that was changed since',
  plan: 'other options',
  shareName: 'another name for its rates',
  id: 'another submit',
}

const another = ({ batch }: Manifest, results: string, name: keyof typeof DIFFERENCES): ConfigError =>
  new ConfigError([
    `batch: the folder ${results} has the batch ${batch} with ${DIFFERENCES[name]}. Choose another name and another folder.`,
  ])

function fileRows(path: string, format: FileRows['format']): FileRows {
  try {
    const { size, mtimeMs } = statSync(path)
    return { kind: 'file', path: resolve(path), format, bytes: size, modifiedMs: mtimeMs }
  } catch (error) {
    throw new ConfigError([`input: cannot read ${path}: ${systemReason(error)}.`])
  }
}

/** The file of the rows of an inline batch, without what a killed submit has written beyond the list of the chunks. */
function openRows({ rows, results }: Manifest, index: ChunkIndex): number | undefined {
  if (rows.kind === 'file') return undefined
  const fd = openSync(fileOf(results, 'rows'), 'a+', 0o600)
  const { last } = index
  ftruncateSync(fd, last === undefined ? 0 : last.offset + last.length)
  return fd
}

const otherRows = (got: 'others' | 'more' | 'none', from: number): ConfigError =>
  new ConfigError([
    `input: expected the rows of the submit before, got ${got} from row ${from + 1} on. Give the same input, or choose another name and another folder.`,
  ])

/** Compares the rows with the chunks that a submit before has made, and passes further chunks to `add`. */
async function addRows(
  rows: AsyncIterable<string> | Iterable<string>,
  chunkRows: number,
  index: ChunkIndex,
  add: (chunk: Chunk, text: string) => Promise<void> | void,
): Promise<void> {
  const known = index.count
  let number = 0
  let from = 0
  let offset = 0
  let held: string[] = []
  const end = async (): Promise<void> => {
    const text = `${held.join('\n')}\n`
    const bytes = Buffer.from(text)
    const chunk = {
      number,
      from,
      rows: held.length,
      offset,
      length: bytes.length,
      line: from + 1,
      digest: digestOf(bytes),
    }
    if (number < known) {
      if (index.read(number)?.digest !== chunk.digest) throw otherRows('others', from)
    } else await add(chunk, text)
    number++
    from += held.length
    offset += bytes.length
    held = []
  }
  for await (const row of rows) {
    held.push(row)
    if (held.length >= chunkRows) await end()
  }
  if (held.length > 0) await end()
  if (number < known) throw otherRows('none', from)
}

/** Adds chunks in groups: first to the list, then to the queue. */
class Appending {
  readonly #broker: Broker
  readonly #manifest: Manifest
  readonly #index: ChunkIndex
  readonly #rows: number | undefined
  readonly #keep: () => Promise<void>
  #held: (readonly [Chunk, string | undefined])[] = []
  #bytes = 0

  constructor(
    broker: Broker,
    manifest: Manifest,
    index: ChunkIndex,
    rows: number | undefined,
    keep: () => Promise<void>,
  ) {
    this.#keep = keep
    this.#broker = broker
    this.#manifest = manifest
    this.#index = index
    this.#rows = rows
  }

  async add(chunk: Chunk, text?: string): Promise<void> {
    this.#held.push([chunk, text])
    this.#bytes += text?.length ?? 0
    if (this.#held.length >= BULK || this.#bytes >= BULK_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    this.#bytes = 0
    await this.#keep()
    if (this.#rows !== undefined) {
      for (const [, text = ''] of held) writeSync(this.#rows, text)
      fsyncSync(this.#rows)
    }
    this.#index.append(held.map(([chunk]) => chunk))
    await patiently(() => addChunks(this.#broker, this.#manifest, held))
    const { batch } = this.#manifest
    const [last] = held.at(-1) as (typeof held)[number]
    await patiently(() => this.#broker.setState(batch, { chunks: last.number + 1, rows: last.from + last.rows }))
    if (this.#rows === undefined) return
    while ((await patiently(() => this.#broker.queue(batch).getWaitingCount())) > MOST_WAITING) await sleep(LOOK_MS)
  }

  close(): void {
    if (this.#rows !== undefined) closeSync(this.#rows)
  }
}
