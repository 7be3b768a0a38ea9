/** The rows of a chunk as text, and the requests in them. One row is one request. */
import { open } from 'node:fs/promises'
import type { Chunk } from './chunk.ts'
import type { ChunkJob } from './broker.ts'
import { digestOf } from './chunk-index.ts'
import { fileOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { isPlain, isRecord } from '../../config/kinds.ts'
import { Unusable } from '../../config/unusable.ts'
import { reasonOf } from '../../core/callback.ts'
import { mapRaw, mayBeUnlikeDouble, parseAsWritten } from '../../core/exact-json.ts'

/** Whether a line of a list is a request: it is neither blank nor a comment. */
export function isListed(text: string): boolean {
  const content = text.trim()
  return content !== '' && !content.startsWith('#')
}

/** The file that has the rows. */
export const rowsPath = ({ rows, results }: Pick<Manifest, 'rows' | 'results'>, folder = results): string =>
  rows.kind === 'file' ? rows.path : fileOf(folder, 'rows')

/** The text of a chunk, from its job or from the file. Rejects if it is not what was submitted. */
export async function textOf(
  manifest: Manifest,
  chunk: Chunk,
  job?: Pick<ChunkJob, 'text'>,
  folder?: string,
): Promise<string> {
  const path = rowsPath(manifest, folder)
  const bytes = job?.text === undefined ? await bytesOf(path, chunk) : Buffer.from(job.text)
  if (digestOf(bytes) === chunk.digest) return bytes.toString()
  throw new Error(`${path} was changed since it was submitted: put it back, or submit it as another batch`)
}

async function bytesOf(path: string, { offset, length }: Chunk): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await file.read(bytes, 0, length, offset)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The requests of a chunk, as a run takes them. */
export function requestsIn(text: string, { rows }: Pick<Manifest, 'rows'>, firstLine: number): unknown[] {
  const lines = text.split('\n').map(line => (line.endsWith('\r') ? line.slice(0, -1) : line))
  if (rows.kind === 'inline') return lines.filter(line => line !== '').map(inlineRow)
  if (rows.format === 'lines') {
    return lines.filter(isListed).map(line => {
      const url = line.trim()
      const note = url.search(/\s#/)
      return note === -1 ? url : url.slice(0, note).trimEnd()
    })
  }
  return lines.flatMap((line, at) => (line.trim() === '' ? [] : [jsonRow(line, `${rows.path}:${firstLine + at}`)]))
}

function jsonRow(text: string, where: string): unknown {
  let value: unknown
  try {
    value = parseAsWritten(text)
  } catch (error) {
    return new Unusable(`${where}: expected one JSON object, got something else (${reasonOf(error)}).`, '', undefined)
  }
  if (typeof value === 'string') return value
  if (isPlain(value)) return exactly(value, text)
  return new Unusable(
    `${where}: expected a request such as {"url": "https://…"}, got another JSON value.`,
    '',
    undefined,
  )
}

/** Fields whose numbers are sent as text. */
const TEXTS: ReadonlySet<string> = new Set(['params', 'form', 'headers', 'key', 'body', 'multipart'])

/** Numbers that are sent keep their digits; numbers that are settings become doubles. */
function exactly(read: Readonly<Record<string, unknown>>, text: string): unknown {
  if (!mayBeUnlikeDouble(text)) return read
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => [
      name,
      name === 'json' ? value : mapRaw(value, TEXTS.has(name) ? String : Number),
    ]),
  )
}

interface BrokenRow {
  readonly unusable: { readonly problem: string; readonly url: string; readonly detail: Unusable['detail'] }
}

function inlineRow(text: string): unknown {
  const value: unknown = parseAsWritten(text)
  if (!isRecord(value) || !('unusable' in value)) return isPlain(value) ? exactly(value, text) : value
  const { problem, url, detail } = (value as unknown as BrokenRow).unusable
  return new Unusable(problem, url, undefined, detail)
}

/** A request as a row. Throws if JSON cannot hold it. */
export function rowOf(item: unknown): string {
  if (item instanceof Unusable) {
    const { problem, url, detail } = item
    return JSON.stringify({ unusable: { problem, url, detail } } satisfies BrokenRow)
  }
  if (item instanceof URL) return JSON.stringify(item.href)
  if (typeof item === 'string') return JSON.stringify(item)
  if (!isPlain(item)) throw new TypeError('expected a URL or a request, got something else')
  const problem = unlikeJson(item)
  if (problem !== undefined) throw new TypeError(`expected a request that JSON can hold, got ${problem}`)
  return JSON.stringify(item)
}

/** The first part of a request that would be lost or changed in JSON. */
function unlikeJson(value: unknown, name = 'it'): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return `a ${typeof value} in ${name}`
  if (Array.isArray(value)) return value.map(one => unlikeJson(one, name)).find(found => found !== undefined)
  if (typeof value !== 'object' || value === null) return undefined
  if ('rawJSON' in value) return undefined
  if (!isPlain(value)) return `a ${value.constructor.name} in ${name}`
  for (const [key, one] of Object.entries(value)) {
    const found = unlikeJson(one, key)
    if (found !== undefined) return found
  }
  return undefined
}
