/**
 * What a request is, in a few letters: a line of a run file counts for the request at its index only if both are the
 * same. Method, URL, body and key; not headers, credentials and options, which may change between two runs.
 */
import { createHash, hash as digestOf } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { isBlob } from '../core/body.ts'
import type { Part } from '../core/body.ts'
import type { Call } from '../core/call.ts'

/** 96 bits: of a thousand million requests no two are taken for one. */
const LETTERS = 16

export function fingerprint({ method, url, body, key }: Call): string {
  const head = `${frame(method)}${frame(url)}${frame(key ?? '')}${key === undefined ? 'n' : 'k'}`
  // In one piece: an object for the hash costs more than the hash.
  if (body === undefined) return digestOf('sha256', head, 'base64url').slice(0, LETTERS)
  if (typeof body === 'string') return digestOf('sha256', `${head}s${body}`, 'base64url').slice(0, LETTERS)
  const hash = createHash('sha256').update(head)
  if (body instanceof Uint8Array) hash.update('s').update(body)
  // What a stream will give nobody knows before it is sent.
  else if (typeof body === 'function') hash.update('f')
  else if (isBlob(body)) hash.update(`b${body.size}`)
  else for (const part of body.parts) addPart(hash, part)
  return hash.digest('base64url').slice(0, LETTERS)
}

/** A text behind its length, so that no two requests can run into the same text. */
const frame = (text: string): string => `${text.length}:${text}`

function framed(hash: Hash, text: string): void {
  hash.update(frame(text))
}

/** Files by their paths: what is in them is read when they are sent. */
function addPart(hash: Hash, { name, filename, content }: Part): void {
  hash.update('m')
  framed(hash, name)
  framed(hash, filename ?? '')
  if (typeof content === 'string') framed(hash.update('s'), content)
  else if (content instanceof Uint8Array) hash.update(`c${content.byteLength}:`).update(content)
  else if (isBlob(content)) hash.update(`b${content.size}`)
  else if ('path' in content) framed(hash.update('p'), content.path)
  else hash.update('f')
}
