/** The options of a batch: those of a one-shot call that can be written down and read again by a worker. */
import type { Manifest } from './manifest.ts'
import { listedNames, resolveSecrets, secretIn } from './secrets.ts'
import type { Planned } from './work.ts'
import { isPlain } from '../../config/kinds.ts'
import { readOptions, splitValues } from '../../config/read.ts'
import { ConfigError } from '../../core/error.ts'
import type { Problem } from '../../core/problem.ts'

/** What a worker can do for a chunk alone, without functions, files of the caller, or what follows from a response. */
const ALLOWED: ReadonlySet<string> = new Set(
  (
    'concurrency maxConcurrency rateLimit rateLimitBurst perHost hosts budgets breaker ' +
    'respectServerLimits verifySsl tls blockPrivateAddresses maxHeaderBytes http2 proxy cost ' +
    'acceptStatus maxResponseBytes maxJsonDepth maxErrorBody strictIntegrity contentCoding params headers ' +
    'auth baseUrl userAgent idempotencyKey allowHostHeader secretNames method json ' +
    'form body timeout timeouts minSpeed maxRetries retry followRedirects ' +
    'maxRedirects allowDowngrade allowBodyAcrossOrigins poll returnType window durability unknownWrites responseHeaders'
  ).split(' '),
)

/** The values of the options. Throws a ConfigError with every problem, before anything is written. */
export function checkOptions(options: unknown): Planned {
  if (!isPlain(options)) throw new ConfigError(['options: expected an object, got something else.'])
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(options)) {
    if (!ALLOWED.has(name))
      problems.push(`options.${name}: cannot be used in a batch over many machines. Leave it out.`)
    else if (!isJson(value))
      problems.push(
        `options.${name}: expected a value that JSON can hold, got one with a function, an object of a class or a number that is not finite. Write it without these.`,
      )
  }
  const secret = secretIn(options, listedNames(options['secretNames']))
  if (secret !== undefined) {
    problems.push(
      `options.${secret}: expected a reference such as 'env:API_TOKEN', got a secret. It would be written to Redis; workers read the variable.`,
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return valuesOf(options)
}

/** The values that a worker uses, with the secrets of its environment. */
export function planOptions({ plan, batch }: Manifest, env: NodeJS.ProcessEnv): Planned {
  if (plan.kind === 'options') return valuesOf(resolveSecrets(plan.given, env) as object)
  throw new ConfigError([`batch: ${batch} was submitted by the command line. Run it with preq worker.`])
}

function valuesOf(options: object): Planned {
  // The real name of the run file is that of each chunk.
  const { client, batch } = splitValues(readOptions({ ...options, resume: 'chunk' }, 'one-shot'))
  return { client, call: batch }
}

function isJson(value: unknown): boolean {
  if (value === null || ['string', 'boolean', 'undefined'].includes(typeof value)) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  return isPlain(value) && Object.values(value).every(isJson)
}
