/** Reads `minSpeed`: `{ bytes, over }`, or `false` or 0 for no minimum. */
import { duration, fields, got, matching, problem, withFields } from './kinds.ts'
import type { Read } from './kinds.ts'
import { parseSize } from './size.ts'

export interface ReadSpeed {
  readonly bytes?: number
  readonly over?: number
}

const readByteCount: Read<number> = (value, name, problems) => {
  const count = typeof value === 'string' ? parseSize(value) : value
  return matching(
    'a number of bytes ≥ 0',
    (given): given is number => typeof given === 'number' && given >= 0 && Number.isFinite(given),
    'Use 0 for no limit.',
  )(count ?? value, name, problems)
}

const readSpeedParts = fields({ bytes: readByteCount, over: duration({ shortest: 100 }) })

export const readMinSpeed = withFields<ReadSpeed>(readSpeedParts.fields, (value, name, problems) => {
  if (value === false || value === 0) return { bytes: 0 }
  if (typeof value !== 'object') {
    const remedy = "Write it as { bytes: 256, over: '30s' }."
    problems.push(problem(name, 'an object with bytes, over, or false', got(value), remedy))
    return undefined
  }
  return readSpeedParts(value, name, problems)
})
