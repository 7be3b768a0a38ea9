/** A token with the function that refreshes it, checked before anything is sent. Problems never show the token. */
import { headerProblem } from '../core/headers.ts'
import type { Problem } from '../core/problem.ts'
import { Tokens } from '../core/tokens.ts'
import type { Refresh, TokenOrigin } from '../core/tokens.ts'
import { checkFields, duration, func, kindOf, problem } from './kinds.ts'
import { readOAuth } from './oauth-input.ts'

type Fields = Readonly<Record<string, unknown>>

const FIELDS: readonly string[] = ['token', 'refresh', 'expiresIn', 'scheme']
const OAUTH_FIELDS: readonly string[] = ['oauth', 'expiresIn', 'scheme']
const readDuration = duration()

/** The same object gives the same tokens, so that clients, calls and requests with it share them. */
const known = new WeakMap<object, Tokens>()

/** Reads `{ token, refresh }` and `{ oauth }`. */
export function readTokens(value: Fields, name: string, problems: Problem[]): Tokens | undefined {
  const before = known.get(value)
  if (before !== undefined) return before
  const count = problems.length
  checkFields(value, 'oauth' in value ? OAUTH_FIELDS : FIELDS, name, problems)
  const { expiresIn } = value
  const token = readToken(value['token'], name, problems)
  const scheme = readScheme(value['scheme'], name, problems)
  const origin = readOrigin(value, name, problems)
  const lifetimeMs =
    expiresIn === undefined || expiresIn === Infinity
      ? Infinity
      : readDuration(expiresIn, `${name}.expiresIn`, problems)
  if (problems.length > count || origin === undefined || lifetimeMs === undefined) return undefined
  const tokens = new Tokens({ token, origin, lifetimeMs, scheme })
  known.set(value, tokens)
  return tokens
}

function readOrigin(value: Fields, name: string, problems: Problem[]): TokenOrigin | undefined {
  if ('oauth' in value) return readOAuth(value['oauth'], `${name}.oauth`, problems)
  const refresh = func(value['refresh'], `${name}.refresh`, problems)
  return refresh && { refresh: refresh as Refresh }
}

function readToken(value: unknown, name: string, problems: Problem[]): string | undefined {
  if (value === undefined) return undefined
  const remedy = 'Leave it out to get one from refresh.'
  if (typeof value !== 'string') problems.push(problem(`${name}.token`, 'a token', kindOf(value), remedy))
  else if (value === '') problems.push(problem(`${name}.token`, 'a token', 'an empty one', remedy))
  else if (headerProblem('authorization', value) === undefined) return value
  else {
    problems.push(
      problem(`${name}.token`, 'a token', 'one that no header can hold', 'Check for line breaks at its end.'),
    )
  }
  return undefined
}

/** RFC 9110 §11.1: a scheme is a token. */
const SCHEME = /^[\w!#$%&'*+.^`|~-]+$/

function readScheme(value: unknown, name: string, problems: Problem[]): string {
  if (value === undefined) return 'Bearer'
  if (typeof value === 'string' && SCHEME.test(value)) return value
  problems.push(problem(`${name}.scheme`, "one word such as 'Bearer'", kindOf(value), 'Leave it out for Bearer.'))
  return ''
}
