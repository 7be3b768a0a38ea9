/** Credentials as callers write them, checked before anything is sent. Problems never show them. */
import { headerProblem } from '../core/headers.ts'
import type { ReadAuth } from '../core/call.ts'
import { readTokens } from './token-input.ts'
import { isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import type { Problem } from '../core/problem.ts'

const FORMS = '{ username, password }, { bearer }, { token, refresh }, { oauth } or a function'

export function readAuth(value: unknown, name: string, problems: Problem[]): ReadAuth | undefined {
  if (typeof value === 'function') return value as Exclude<ReadAuth, object>
  if (!isPlain(value)) {
    const remedy = typeof value === 'string' ? 'Write a token as { bearer: token }.' : plainRemedy(value)
    problems.push(problem(name, FORMS, kindOf(value), remedy))
    return undefined
  }
  if ('refresh' in value || 'oauth' in value) return readTokens(value, name, problems)
  const fields = Object.keys(value).filter(field => value[field] !== undefined)
  const { username, password, bearer } = value
  if (fields.length === 1 && typeof bearer === 'string') {
    if (bearer !== '' && headerProblem('authorization', bearer) === undefined) return { bearer }
    problems.push(
      problem(
        `${name}.bearer`,
        'a token',
        bearer === '' ? 'an empty one' : 'one that no header can hold',
        'Check for line breaks at its end.',
      ),
    )
    return undefined
  }
  if (fields.length === 2 && typeof username === 'string' && typeof password === 'string') {
    if (!username.includes(':')) return { username, password }
    problems.push(
      problem(
        `${name}.username`,
        "a name without ':'",
        'one with it',
        'In RFC 7617 a colon ends the name: use { bearer } or a function.',
      ),
    )
    return undefined
  }
  problems.push(
    problem(
      name,
      FORMS,
      fields.length === 0 ? 'no fields' : `fields ${fields.join(', ')}`,
      'Give the strings of one of these forms.',
    ),
  )
  return undefined
}
