/**
 * A number for a request, by which a page recognises one that was requested before. 53 bits of two multiplicative
 * hashes: ten thousand pages have two with the same number once in a hundred million times. A text for each page would
 * take ten times the memory.
 */
import type { Call } from '../../core/call.ts'

export function requestNumber({ method, url, body }: Call): number {
  const low = mixed(0x9e3779b1, method, url, body)
  const high = mixed(0x85ebca6b, method, url, body)
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

function mixed(seed: number, method: string, url: string, body: Call['body']): number {
  let hash = add(add(seed, method), url)
  if (typeof body === 'string') hash = add(hash, body)
  else if (body instanceof Uint8Array) for (const byte of body) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

function add(start: number, text: string): number {
  let hash = start
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
