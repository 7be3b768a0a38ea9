/**
 * Divides the flags of a submitted run: some make the rows and are used now, others say how all requests are sent and go
 * to the workers. The latter are written to Redis, so they hold no secret.
 */
import { flagHeaders } from '../headers-input.ts'
import { flagOf } from '../flags.ts'
import type { FlagName } from '../flags.ts'
import type { GivenFlags } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { isSecretName } from '../../core/headers.ts'
import type { Problem } from '../../core/problem.ts'
import { isSecretUrl, refersToSecret } from '../../distributed/batch/secrets.ts'

type Use = 'rows' | 'workers' | 'here'

/** Flags whose group does not say where they are used. `undefined`: they are refused. */
const USES: Readonly<Partial<Record<FlagName, Use | undefined>>> = {
  'base-url': 'workers',
  method: 'workers',
  header: 'rows',
  param: 'rows',
  json: 'rows',
  body: 'rows',
  form: 'rows',
  multipart: 'rows',
  key: 'rows',
  cost: 'rows',
  curl: undefined,
  'token-command': undefined,
  cookie: undefined,
  'cookie-file': undefined,
  'share-cookies': undefined,
  'limit-key': undefined,
  'share-limits': undefined,
  'share-ca': undefined,
  'share-cert': undefined,
  'share-key': undefined,
  'share-name': 'here',
  'local-share': undefined,
  as: 'workers',
  window: 'workers',
  'response-headers': 'workers',
  'max-error-body': 'workers',
  durability: 'workers',
  'unknown-writes': 'workers',
  accept: 'workers',
  'secret-name': 'workers',
  log: undefined,
}

const OF_GROUP: Readonly<Record<string, Use>> = {
  Input: 'rows',
  Request: 'workers',
  Limits: 'workers',
  'Retries and time': 'workers',
  Jobs: 'workers',
  Connection: 'workers',
  Display: 'here',
}

/** What helps instead of a flag that is refused. */
const INSTEAD: Readonly<Partial<Record<FlagName, string>>> = {
  'share-limits': 'The workers of a batch share its rates through its --broker: leave it out.',
  'share-ca': 'Give --broker-ca: the workers of a batch share its rates through its --broker.',
  'share-cert': 'Give --broker-cert: the workers of a batch share its rates through its --broker.',
  'share-key': 'Give --broker-key: the workers of a batch share its rates through its --broker.',
  output: 'Results go to --results; give it to preq collect.',
  'local-share': 'It is a flag of preq worker.',
}

/** Flags whose value is a credential. */
const CREDENTIALS: ReadonlySet<FlagName> = new Set([
  'auth',
  'bearer',
  'oauth-client',
  'oauth-refresh-token',
  'tls-passphrase',
])

export interface SharedFlags {
  readonly rows: GivenFlags
  readonly workers: WorkerFlags
  /** Whether the requests differ from plain ones by more than what the workers add. */
  readonly hasTemplates: boolean
}

/** What is written down of the flags. */
export interface WorkerFlags {
  readonly flags: GivenFlags
  /** Headers of all requests. */
  readonly headers: readonly (readonly [string, string])[]
}

/** Throws a UsageError with every problem. */
export function divideFlags(given: GivenFlags): SharedFlags {
  const problems: Problem[] = []
  const rows: (readonly [FlagName, string | true])[] = []
  const flags: (readonly [FlagName, string | true])[] = []
  const headers: [string, string][] = []
  const secretNames = secretNamesIn(given)
  for (const flag of given) {
    const [name, value] = flag
    const use = Object.hasOwn(USES, name) ? USES[name] : OF_GROUP[flagOf(name).group]
    if (use === undefined) {
      const remedy = INSTEAD[name] ?? 'Leave it out.'
      problems.push(`--${name}: cannot be used with preq submit. ${remedy}`)
    } else if (name === 'header') divideHeaders(String(value), secretNames, { headers, rows, problems })
    else if (use === 'rows') rows.push(flag)
    else if (use === 'workers') {
      if (holdsSecret(name, String(value))) problems.push(literal(`--${name}`))
      flags.push(flag)
    }
  }
  if (problems.length > 0) throw new UsageError(problems)
  const hasTemplates = rows.some(([name]) => !OF_FILE.has(name))
  return { rows, workers: { flags, headers }, hasTemplates }
}

/** Flags that only say which file the rows are in. */
const OF_FILE: ReadonlySet<FlagName> = new Set(['input', 'format'])

interface Divided {
  /** Of all requests. */
  readonly headers: [string, string][]
  readonly rows: (readonly [FlagName, string | true])[]
  readonly problems: Problem[]
}

export const secretNamesIn = (flags: GivenFlags): ReadonlySet<string> =>
  new Set(flags.flatMap(([name, value]) => (name === 'secret-name' ? [String(value).toLowerCase()] : [])))

/** A header with a column belongs to its row; the others go to the workers, which know the secrets. */
function divideHeaders(text: string, secretNames: ReadonlySet<string>, { headers, rows, problems }: Divided): void {
  for (const [name, value] of flagHeaders([text], problems)) {
    if (isSecretName(name, secretNames) && !refersToSecret(value)) problems.push(literal(`-H ${name}`))
    else if (value.includes('{')) rows.push(['header', `${name}: ${value}`])
    else headers.push([name, value])
  }
}

const holdsSecret = (name: FlagName, value: string): boolean =>
  CREDENTIALS.has(name) ? !/^(?:env:|@)/.test(value) : isSecretUrl(value)

const literal = (flag: string): Problem =>
  `${flag}: expected a reference such as env:API_TOKEN, got a secret. It would be written to Redis; workers read the variable.`
