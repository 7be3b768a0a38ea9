/** An attempt enters its layers in order, leaves them in reverse, and leaves each one that it has entered. */
import { expect, test } from 'vitest'
import type { AttemptLayer } from '../../src/core/layer.ts'
import { fault } from '../../src/core/result.ts'
import { through } from '../../src/layer/passage.ts'
import { makeAttempt, makeReply } from '../support/calls.ts'
import { promised } from '../support/sends.ts'

const ours = new Error('ours')
const fail = (): never => {
  throw ours
}

/** Sends through three layers, of which the middle one is given, and tells where the attempt was. */
async function send(middle: AttemptLayer) {
  const seen: string[] = []
  const noting = (name: string): AttemptLayer => ({
    before: () => void seen.push(`${name} before`),
    after: (_attempt, result) => {
      seen.push(`${name} after`)
      return result
    },
  })
  const wired = through([noting('outer'), middle, noting('inner')], (_attempt, done) => {
    seen.push('wire')
    done(makeReply())
  })
  const result = await promised(wired)(makeAttempt())
  return { seen, result: result.kind === 'fault' ? result.code : result.status }
}

const WHOLE = ['outer before', 'inner before', 'wire', 'inner after', 'outer after']
const REFUSED = ['outer before', 'outer after']
const refusal = fault('circuit/open', 'not now')

test.each<[string, AttemptLayer, readonly string[], unknown]>([
  ['does nothing', {}, WHOLE, 200],
  ['passes at once', { before: () => undefined }, WHOLE, 200],
  ['passes later', { before: async () => undefined }, WHOLE, 200],
  ['refuses at once', { before: () => refusal }, REFUSED, 'circuit/open'],
  ['refuses later', { before: async () => refusal }, REFUSED, 'circuit/open'],
  ['throws on the way to the wire', { before: fail }, REFUSED, 'internal/unknown'],
  ['rejects on the way to the wire', { before: () => Promise.reject(ours) }, REFUSED, 'internal/unknown'],
  ['replaces the result at once', { after: () => refusal }, WHOLE, 'circuit/open'],
  ['replaces the result later', { after: async () => refusal }, WHOLE, 'circuit/open'],
  ['throws on the way back', { after: fail }, WHOLE, 'internal/unknown'],
  ['rejects on the way back', { after: () => Promise.reject(ours) }, WHOLE, 'internal/unknown'],
])('A layer that %s', async (_name, middle, seen, result) => {
  expect(await send(middle)).toEqual({ seen, result })
})
