/**
 * What a request is, in a few letters: a line of a run file counts for the request at its index only if both are the
 * same. Method, URL, body and key; not headers, credentials and options, which may change between two runs.
 */
import { createHash } from 'node:crypto'
import type { Call } from '../core/call.ts'

/** 96 bits: of a thousand million requests no two are taken for one. */
const LETTERS = 16

export function fingerprint({ method, url, body, key }: Call): string {
  const hash = createHash('sha256')
  // Each part behind its length, so that no two requests can run into the same text.
  for (const part of [method, url, key ?? '']) hash.update(`${part.length}:${part}`)
  hash.update(key === undefined ? 'n' : 'k')
  if (typeof body === 'string') hash.update(`s${body}`)
  else if (body instanceof Uint8Array) hash.update('s').update(body)
  // What a stream will give nobody knows before it is sent.
  else if (body !== undefined) hash.update('f')
  return hash.digest('base64url').slice(0, LETTERS)
}
