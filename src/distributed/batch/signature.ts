/**
 * Signatures of a batch, with a key that only submitters and workers have. Whoever can write to Redis and does not have
 * the key can neither add requests nor change how they are sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ChunkJob } from './broker.ts'
import type { Manifest } from './manifest.ts'
import { ConfigError } from '../../core/error.ts'

/** The first one signs; what was signed with any of them is accepted, so that keys can be replaced. */
export type SigningKeys = readonly [string, ...string[]]

/** A shorter key could be found by trying. */
const SHORTEST_KEY = 16

const REFERENCE = /^env:([A-Za-z_]\w*)$/

/**
 * @param text `env:NAME`, or several with commas
 * @param name of the option or flag, for messages
 * @throws ConfigError. Its message never has a key
 */
export function readSigningKeys(text: unknown, name: string, env: NodeJS.ProcessEnv): SigningKeys {
  const words = typeof text === 'string' ? text.split(',').map(word => word.trim()) : []
  const keys = words.map(word => {
    const variable = REFERENCE.exec(word)?.[1]
    if (variable === undefined) throw new ConfigError([literal(name)])
    const key = env[variable]
    if (key !== undefined && key.length >= SHORTEST_KEY) return key
    throw new ConfigError([
      `${name}: expected a key of at least ${SHORTEST_KEY} characters in the variable ${variable}, got ${key === undefined || key === '' ? 'none' : 'a shorter one'}. Make one with \`openssl rand -hex 32\`.`,
    ])
  })
  const [first, ...others] = keys
  if (first === undefined) throw new ConfigError([literal(name)])
  return [first, ...others]
}

const literal = (name: string): string =>
  `${name}: expected env:NAME, the variable with the key, got something else. Several have commas between them: env:NEW,env:OLD.`

/** Of the description of a batch: which rows, how they are sent, and where the results go. */
export const signManifest = (manifest: Manifest, [key]: SigningKeys): string => hmac(key, manifestText(manifest))

/** The remedy of a batch whose signature does not fit; undefined if it fits. Without keys, no signature fits. */
export function manifestProblem(manifest: Manifest, keys: SigningKeys | undefined): string | undefined {
  const { batch, signature } = manifest
  if (keys === undefined) {
    return signature === undefined ? undefined : `${batch} is signed. Give the key that it was submitted with (sign).`
  }
  if (signature === undefined) return `${batch} is not signed. Submit it with the key, under another name.`
  if (keys.some(key => isEqual(signature, hmac(key, manifestText(manifest))))) return undefined
  return `${batch} was signed with another key, or its description was changed. Give its key, or submit it again under another name.`
}

/** The batch is part of it: a chunk cannot be moved to another one, nor to another description of the same one. */
export const signChunk = (data: ChunkJob, manifest: Manifest, [key]: SigningKeys): string =>
  hmac(key, chunkText(data, manifest))

export function isChunkSigned(data: ChunkJob, manifest: Manifest, keys: SigningKeys): boolean {
  const { signature } = data
  return typeof signature === 'string' && keys.some(key => isEqual(signature, hmac(key, chunkText(data, manifest))))
}

function manifestText({ signature: _, ...manifest }: Manifest): string {
  return `preq batch ${JSON.stringify(manifest)}`
}

/** The rows of an inline chunk are in it by their digest, which the worker compares. */
function chunkText({ v, batch, number, digest, rows }: ChunkJob, { batch: name, signature }: Manifest): string {
  const place = rows === undefined ? null : [rows.path, rows.offset, rows.length, rows.from]
  return `preq chunk ${JSON.stringify([v, name, batch, number, digest, place, signature ?? null])}`
}

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url')

function isEqual(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}
