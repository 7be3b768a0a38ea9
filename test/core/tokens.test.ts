import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { Tokens } from '../../src/core/tokens.ts'

it('printed, tokens show none of their secrets', () => {
  const oauth = {
    tokenUrl: 'https://id.test/token',
    clientId: 'me',
    clientSecret: 'client-secret',
    scope: undefined,
    clientAuth: 'basic',
    params: {},
  } as const
  const origin = { oauth, refreshToken: 'refresh-secret' }
  const tokens = new Tokens({ token: 'token-secret', origin, lifetimeMs: Infinity, scheme: 'Bearer' })
  expect(tokens.authorization).toBe('Bearer token-secret')
  expect(inspect(tokens, { depth: 9, showHidden: true }) + JSON.stringify(tokens)).not.toContain('secret')
})
