/** Flags whose texts are the same for all rows, and which flag takes a column instead. */
import type { FlagValues } from './flags.ts'

export interface Constant {
  readonly flag: string
  readonly text: string
  /** How to use a column instead. */
  readonly remedy: string
}

export function constantsOf(values: FlagValues): Constant[] {
  const header = (name: string): string => `Write it as -H '${name}'.`
  const {
    'oauth-token-url': tokenUrl,
    'oauth-client': client,
    'oauth-scope': scope,
    'oauth-refresh-token': refresh,
  } = values
  const { auth, bearer, cookie = [], 'user-agent': agents = [], 'base-url': baseUrl } = values
  const given: (readonly [flag: string, text: string | undefined, remedy: string])[] = [
    ['--auth', auth, "Write it into the URL: 'https://{user}:{password}@…'."],
    ['--bearer', bearer, header('Authorization: Bearer {token}')],
    ['--oauth-token-url', tokenUrl, 'Write the whole URL.'],
    ['--oauth-client', client, header('Authorization: Bearer {token}')],
    ['--oauth-refresh-token', refresh, header('Authorization: Bearer {token}')],
    ['--oauth-scope', scope, 'Write the scopes of all rows.'],
    ...cookie.map(pair => ['--cookie', pair.join('='), header('Cookie: name={value}')] as const),
    ...agents.map(text => ['--user-agent', text, header('User-Agent: {name}')] as const),
    ['--base-url', baseUrl?.toString(), 'Write the whole URL with its columns.'],
  ]
  return given.flatMap(([flag, text, remedy]) => (text === undefined ? [] : [{ flag, text, remedy }]))
}
