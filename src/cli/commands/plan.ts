/**
 * `preq plan …`: shows what a run would do. Reads the whole input and prepares every request as the run would, but sends
 * and writes nothing.
 */
import { openChain } from '../chain/open-chain.ts'
import { openJobs } from '../input/jobs.ts'
import { limited } from '../input/limited.ts'
import { counting } from '../plan/counting.ts'
import { doneLine, recordOf, runFileOf } from '../plan/done.ts'
import { leastMs } from '../plan/least-time.ts'
import { survey } from '../plan/survey.ts'
import type { Survey } from '../plan/survey.ts'
import { sayNotes } from '../notes.ts'
import { checkedCall } from '../run-options.ts'
import { planRun } from '../run-plan.ts'
import type { RunPlan } from '../run-plan.ts'
import { DEFAULT_NAME, sharedLimitsOf } from '../share-plan.ts'
import type { SharePlan } from '../share-plan.ts'
import { sentAsIsLines } from '../sent-as-is.ts'
import { unmatchedLines } from '../unmatched.ts'
import { settingSources } from '../settings.ts'
import type { GivenFlags, SettingSources } from '../settings.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { prepareItem } from '../../client/run/item.ts'
import { RequestIds } from '../../client/run/request-ids.ts'
import { planClient } from '../../config/client-plan.ts'
import type { ClientPlan } from '../../config/client-plan.ts'
import { entryOf } from '../../config/hosts.ts'
import { planBatch } from '../../config/plan.ts'
import { formatDuration } from '../../core/duration.ts'
import { printableLines } from '../../core/printable.ts'
import { formatRate } from '../../core/rate.ts'
import { redisPlace } from '../../distributed/redis.ts'

const MAX_HOSTS_SHOWN = 20

/** Resolves with the exit code: 1 if a request is invalid. */
export async function plan(urls: readonly string[], flags: GivenFlags): Promise<number> {
  keepHeapSmall()
  const run = planRun(urls, flags, process.env)
  const jobs = limited(await openJobs(run.input), run.input.limit)
  openChain(run, jobs)
  sayNotes(run)
  const client = planClient({ ...run.client, ...(await sharedLimitsOf(run.share)) })
  const { save } = run.output
  const path = runFileOf(run.output)
  const saving = save === undefined ? {} : { returnType: 'file' as const, saveTo: save }
  const given = checkedCall({ ...run.call, ...saving, ...(path !== undefined && { resume: path }) })
  const batch = planBatch(run.client, given, client.concurrency)
  const { survey: found, add } = survey()
  const ids = new RequestIds()
  let index = 0
  const record = await recordOf(batch.resume, run.input.limit)
  const display = counting(run.display.progress, process.stderr, performance)
  try {
    for await (const value of jobs) {
      const call = prepareItem({ value, index: index++ }, batch, 0, ids)
      record?.meet('ok' in call ? call.id : call.trip.id)
      if ('ok' in call || record === undefined || (await record.isLeft(call))) add(call)
      display.show(index)
    }
  } finally {
    display.done()
  }
  record?.end(index)
  const more = [
    ...(record === undefined ? [] : [doneLine(record.done, run.output)]),
    ...sentAsIsLines(jobs.sentAsIs, 'is'),
    // With a run file, a request that is done may have matched the name.
    ...(record === undefined ? unmatchedLines(unmatchedIn(found, client), 'has') : []),
    ...sharedLine(run.share),
    ...unknownLine(run),
    ...settingsLine(settingSources(flags, process.env)),
  ]
  process.stdout.write(printableLines(planText(found, client, run.input.limitKey === undefined, more)))
  return found.invalid === 0 ? 0 : 1
}

/** What follows depends on the responses. */
function unknownLine({ stages, output }: RunPlan): string[] {
  const unknown = [
    ...(output.hasPages ? ['further pages of --paginate'] : []),
    ...(stages.length > 0 ? ['requests of --then'] : []),
  ]
  return unknown.length === 0 ? [] : [`not counted, because they depend on the responses: ${unknown.join(', ')}`]
}

/** Says with whom the rates are shared. */
const sharedLine = (share: SharePlan | undefined): string[] =>
  share === undefined
    ? []
    : [`all rates are shared with every process of the name ${share.name ?? DEFAULT_NAME} at ${redisPlace(share.url)}`]

/** Names the sources of settings without their values, which may be secrets. */
function settingsLine({ file, variables }: SettingSources): string[] {
  const named = [...(file === undefined ? [] : [file]), ...variables]
  return named.length === 0 ? [] : [`settings besides the flags: ${named.join(', ')}`]
}

function planText(found: Survey, client: ClientPlan, byHost: boolean, more: readonly string[]): string {
  const { requests, invalid, duplicates, hosts, methods, first, problems } = found
  const kinds = [...methods].map(([method, count]) => `${count} ${method}`).join(', ')
  return [
    `${requests - invalid} requests${kinds === '' ? '' : ` (${kinds})`}, ${duplicates} duplicates, ${invalid} invalid`,
    ...more,
    timeLine(found, client, byHost),
    section('hosts', hostLines(hosts)),
    section('first requests', first),
    section('invalid', problems, invalid),
  ]
    .filter(part => part !== '')
    .join('\n')
    .concat('\n')
}

function section(title: string, lines: readonly string[], all = lines.length): string {
  if (lines.length === 0) return ''
  const more = all > lines.length ? [`  … and ${all - lines.length} more`] : []
  return ['', `${title}:`, ...lines.map(line => `  ${line}`), ...more].join('\n')
}

function hostLines(hosts: ReadonlyMap<string, number>): string[] {
  const sorted = [...hosts].toSorted(([, a], [, b]) => b - a)
  const width = String(sorted[0]?.[1] ?? 0).length
  const lines = sorted.slice(0, MAX_HOSTS_SHOWN).map(([host, count]) => `${String(count).padStart(width)}  ${host}`)
  return sorted.length > MAX_HOSTS_SHOWN ? [...lines, `… and ${sorted.length - MAX_HOSTS_SHOWN} more`] : lines
}

/** @param byHost false if limits are per `--limit-key` */
function timeLine(
  { requests, invalid, lanes, costs }: Survey,
  { rates, perHost, hosts: named, budgets, concurrency }: ClientPlan,
  byHost: boolean,
): string {
  const ofAll = costs.get('') ?? 0
  const weighted = Object.entries(budgets)
  // Without budgets, the rate counts the cost of a request.
  const together = leastMs(weighted.length === 0 ? ofAll : requests - invalid, rates)
  const ofBudgets = weighted.map(([name, each]) => leastMs(ofAll + (costs.get(name) ?? 0), each))
  const ofHosts = [...lanes].map(([lane, { count, origin }]) =>
    leastMs(count, (entryOf(named, lane, origin) ?? perHost).rates),
  )
  const least = Math.max(together, ...ofBudgets, ...ofHosts)
  const limits = [`${concurrency} at once`, ...rates.map(rate => formatRate(rate))]
  const besides = [
    ...perHost.rates.map(rate => `${formatRate(rate)} per ${byHost ? 'host' : 'key'}`),
    ...weighted.flatMap(([name, each]) => each.map(rate => `${formatRate(rate)} of ${name}`)),
  ]
  const time = least === 0 ? 'the limits require no waiting' : `at least ${formatDuration(least)}`
  return `${time} (${[...limits, ...besides].join(', ')})`
}

/** Names of --host-limit that match no request. */
function unmatchedIn({ lanes }: Survey, { hosts }: ClientPlan): string[] {
  const matched = new Set([...lanes].flatMap(([lane, { origin }]) => entryOf(hosts, lane, origin)?.names ?? []))
  return [...new Set(Object.values(hosts).flatMap(({ names }) => names))].filter(name => !matched.has(name))
}
