/**
 * A number for a request, by which a page recognises one that was requested before: two multiplicative hashes (FNV-1a,
 * with another finish) of 32 bits, of which 53 are kept. Among ten thousand pages, two have the same number once in a
 * hundred million times. A text for each page would take ten times the memory.
 */
import type { Call } from '../../core/call.ts'

let low = 0
let high = 0

/** The pages of a chain mostly have the method and origin of the page before: these are hashed once. */
let seedMethod = ''
let seedOrigin = ''
let seedLow = 0
let seedHigh = 0

export function requestNumber({ method, origin, path, body }: Call): number {
  if (method !== seedMethod || origin !== seedOrigin) seed(method, origin)
  low = seedLow
  high = seedHigh
  addText(path)
  if (typeof body === 'string') addText(body)
  else if (body instanceof Uint8Array) addBytes(body)
  return (finished(high) >>> 11) * 2 ** 32 + (finished(low) >>> 0)
}

function seed(method: string, origin: string): void {
  low = 0x811c9dc5
  high = 0x9e3779b1
  addText(method)
  addText(origin)
  seedMethod = method
  seedOrigin = origin
  seedLow = low
  seedHigh = high
}

function addText(text: string): void {
  let [one, two] = [low, high]
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    two = Math.imul(two ^ unit, 0x85ebca6b) + 1
  }
  low = one
  high = two
}

function addBytes(bytes: Uint8Array): void {
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ byte, 0x85ebca6b) + 1
  }
}

function finished(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return mixed ^ (mixed >>> 13)
}
