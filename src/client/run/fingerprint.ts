/**
 * A short hash of a request: a line of a run file counts for a request only if both hashes are the same. It covers
 * method, URL, body, and the headers, credentials and cookies of the request itself. Options that all requests of a run
 * share may change between two runs.
 *
 * Keyed with the salt of the run file, so that a secret cannot be found by guessing.
 */
import { createHash, hash as digestOf } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { isBlob } from '../../core/body.ts'
import type { Body, BodyPart } from '../../core/body.ts'
import type { Call, Own } from '../../core/call.ts'

/** 96 bits: a collision is unlikely even among a thousand million requests. */
const PRINT_LENGTH = 16

/** @param salt of the run file */
export function fingerprint(
  { method, url, body, own }: Pick<Call, 'method' | 'url' | 'body' | 'own'>,
  salt: string,
): string {
  const head = `${salt}${frame(method)}${frame(url)}`
  return shortDigest(own === undefined ? head : head + ownText(own), body, true)
}

/** The fingerprint of lines with `v: 1`: without headers and credentials, and with the key. */
export function oldFingerprint({ method, url, body, key }: Call): string {
  return shortDigest(`${frame(method)}${frame(url)}${frame(key ?? '')}${key === undefined ? 'n' : 'k'}`, body, false)
}

function shortDigest(head: string, body: Body | undefined, withTypes: boolean): string {
  // In one call: a Hash object costs more than the hashing.
  if (body === undefined) return digestOf('sha256', head, 'base64url').slice(0, PRINT_LENGTH)
  if (typeof body === 'string') return digestOf('sha256', `${head}s${body}`, 'base64url').slice(0, PRINT_LENGTH)
  const hash = createHash('sha256').update(head)
  if (body instanceof Uint8Array) hash.update('s').update(body)
  // The content of a stream is unknown before it is sent.
  else if (typeof body === 'function') hash.update('f')
  else if (isBlob(body)) hash.update(`b${body.size}`)
  else for (const part of body.parts) addPart(hash, part, withTypes)
  return hash.digest('base64url').slice(0, PRINT_LENGTH)
}

/** Independent of the order of the headers. The result of a function is unknown before it is called. */
function ownText({ headers, unset, credentials, contentType }: Own): string {
  const lines: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    lines.push(`h${frame(headers[at] as string)}${frame(headers[at + 1] as string)}`)
  }
  for (const name of unset) lines.push(`u${frame(name)}`)
  if (lines.length > 1) lines.sort()
  if (credentials !== undefined) lines.push(typeof credentials === 'string' ? `c${frame(credentials)}` : 'a')
  // The boundary of a multipart body differs each time.
  if (contentType?.startsWith('multipart/') === false) lines.push(`t${frame(contentType)}`)
  return lines.join('')
}

/** A text after its length, so that two different requests cannot give the same text. */
const frame = (text: string): string => `${text.length}:${text}`

function updateFramed(hash: Hash, text: string): void {
  hash.update(frame(text))
}

/** Files count by their paths: their content is read when they are sent. */
function addPart(hash: Hash, { name, filename, type, content }: BodyPart, withTypes: boolean): void {
  hash.update('m')
  updateFramed(hash, name)
  updateFramed(hash, filename ?? '')
  if (withTypes) updateFramed(hash, type ?? '')
  if (typeof content === 'string') updateFramed(hash.update('s'), content)
  else if (content instanceof Uint8Array) hash.update(`c${content.byteLength}:`).update(content)
  else if (isBlob(content)) hash.update(`b${content.size}`)
  else if ('path' in content) updateFramed(hash.update('p'), content.path)
  else hash.update('f')
}
