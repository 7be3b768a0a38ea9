/** `preq limits`: shows the rates of a batch, or changes them while it runs. */
import type { BatchFlags } from './args.ts'
import { use } from './broker.ts'
import { NO_URL } from './worker-plan.ts'
import { planRun } from '../run-plan.ts'
import { givenFlags } from '../settings.ts'
import type { GivenFlags } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { normalHost } from '../../config/hosts.ts'
import { printable } from '../../core/printable.ts'
import { formatRate } from '../../core/rate.ts'
import type { Rate } from '../../core/rate.ts'
import { changeIn, limitsOf } from '../../distributed/batch/limits.ts'
import type { BatchLimits } from '../../distributed/batch/limits.ts'
import type { NamedLimits } from '../../distributed/limits/named-limits.ts'

const RATES: readonly string[] = ['rate', 'rate-burst', 'per-host-rate', 'host-limit']

/** Returns the exit code. */
export async function limits(batch: string, given: GivenFlags, own: BatchFlags, isJson: boolean): Promise<number> {
  const flags = given.filter(([name]) => name !== 'format')
  const other = flags.find(([name]) => !RATES.includes(name))
  if (other !== undefined) throw new UsageError(`limits: --${other[0]} is a flag of a run. See preq limits --help.`)
  const change = flags.length === 0 ? undefined : changeOf(flags)
  const found = await use(own, broker => limitsOf({ broker, batch, results: own.results, change }))
  process.stdout.write(isJson ? `${JSON.stringify(found)}\n` : limitsText(found))
  if (!found.isKept) process.stderr.write(`preq: ${NOT_KEPT}\n`)
  return 0
}

const NOT_KEPT =
  'the folder of the results is not on this machine, so only Redis and the workers know the change. Give --results FOLDER to keep it.'

function changeOf(flags: GivenFlags): NamedLimits {
  const { client } = planRun([NO_URL], flags, {}, givenFlags(flags))
  const withConcurrency = Object.entries(client.hosts ?? {}).find(([, limited]) => limited.concurrency !== undefined)
  if (withConcurrency !== undefined) {
    throw new UsageError(
      `--host-limit: expected a rate for ${printable(withConcurrency[0])}, got a concurrency, which each worker has for itself. Write it as HOST=10/s.`,
    )
  }
  return changeIn(client)
}

function limitsText({ batch, name, sharedWith, rateLimit, perHost, hosts, changedAt }: BatchLimits): string {
  const named = Object.entries(hosts).filter(([host]) => (normalHost(host) ?? host) === host)
  const rows: [string, string][] = [
    ['all hosts', ratesText(rateLimit)],
    ['each host', ratesText(perHost)],
    ...named.map(([host, rates]): [string, string] => [printable(host), ratesText(rates)]),
    ['shared as', `${name}${sharedWith.length === 0 ? '' : `, with ${sharedWith.join(', ')}`}`],
    ['changed', changedAt ?? 'not since the submit'],
  ]
  const width = Math.max(...rows.map(([title]) => title.length))
  return `${batch}:\n${rows.map(([title, text]) => `${title.padEnd(width)}  ${text}\n`).join('')}`
}

const ratesText = (rates: readonly Rate[]): string =>
  rates.length === 0
    ? 'no limit'
    : rates.map(rate => `${formatRate(rate)}${rate.burst === 1 ? '' : `, ${rate.burst} at once`}`).join('; ')
