/** The commands that look at a batch or change it: `preq status`, `collect`, `pause`, `delete` … */
import { resolve } from 'node:path'
import type { BatchArgs, BatchFlags } from './args.ts'
import { use } from './broker.ts'
import { batchesTable } from './batches.ts'
import { counted } from './counted.ts'
import { limits } from './limits.ts'
import { watch } from './watch.ts'
import { deadText } from './dead-text.ts'
import { retry } from './retry.ts'
import { workersTable } from './workers.ts'
import type { GivenFlags } from '../settings.ts'
import { outputFormatOf } from '../output/format.ts'
import { shellWord } from '../shell-word.ts'
import { UsageError } from '../usage-error.ts'
import { paintFor } from '../../display/paint.ts'
import { formatDuration } from '../../core/duration.ts'
import { printable } from '../../core/printable.ts'
import type { Problem } from '../../core/problem.ts'
import type { Broker } from '../../distributed/batch/broker.ts'
import { collectBatch } from '../../distributed/batch/collect.ts'
import type { Collected } from '../../distributed/batch/collect.ts'
import { cancel, collectable, deleteBatch, pause, resume, statusOf } from '../../distributed/batch/control.ts'
import type { BatchStatus } from '../../distributed/batch/control.ts'
import { deadOf } from '../../distributed/batch/dead.ts'
import { examine } from '../../distributed/batch/doctor.ts'
import { batchesOf } from '../../distributed/batch/list.ts'
import { reconcile } from '../../distributed/batch/reconcile.ts'
import type { Reconciled } from '../../distributed/batch/reconcile.ts'
import { workersOf } from '../../distributed/batch/workers.ts'

export type ManageArgs = BatchArgs & { readonly command: Exclude<BatchArgs['command'], 'submit' | 'worker'> }

/** Returns the exit code. */
export async function manage({ command, words, own }: ManageArgs, flags: GivenFlags): Promise<number> {
  const [batch = ''] = words
  checkFlags(command, flags)
  switch (command) {
    case 'collect':
      return collect(words[0], own, flags)
    case 'doctor':
      return use(own, doctor)
    case 'batches':
      return use(own, async broker => {
        const found = await batchesOf(broker)
        if (isJson(flags)) return print(`${JSON.stringify(found)}\n`)
        return found.length === 0 ? say('there is no batch at this Redis.') : print(batchesTable(found, Date.now()))
      })
    case 'status':
      return status(batch, own, isJson(flags))
    case 'limits':
      return limits(batch, flags, own, isJson(flags))
    case 'workers':
      return use(own, async broker => {
        const found = await workersOf(broker)
        return print(isJson(flags) ? `${JSON.stringify(found)}\n` : workersTable(found))
      })
    case 'retry':
      return retry(batch, own, flags)
    case 'dead':
      return use(own, async broker => {
        const found = await deadOf(broker, batch, own.results)
        const isNone = found.requests.length + found.chunks.length === 0
        if (isJson(flags)) print(`${JSON.stringify(found)}\n`)
        else if (!isNone) print(deadText(found))
        else say(`batch ${batch} has no requests that crash their process, and no chunks that could not be run.`)
        return isNone ? 0 : 1
      })
    case 'pause':
      return use(own, async broker => {
        await pause(broker, batch)
        return say(`batch ${batch} is paused. preq resume ${batch} continues it.`)
      })
    case 'cancel':
      return use(own, async broker => {
        await cancel(broker, batch)
        return say(`batch ${batch} is cancelled. Its results stay.`)
      })
    case 'resume':
      return use(own, async broker => {
        await resume(broker, batch)
        return say(reconciledText(await reconcile({ broker, batch })))
      })
    case 'reconcile':
      return use(own, async broker => say(reconciledText(await reconcile({ broker, batch, results: own.results }))))
    case 'delete':
      return use(own, async broker => {
        const results = await deleteBatch(broker, batch, own.files === true)
        const kept = own.files === true ? '' : ` Its results stay in ${results}.`
        return say(`batch ${batch} is deleted.${kept}`)
      })
  }
}

/** Commands that read other flags of a run than `--format`, and refuse the rest themselves. */
const WITH_FLAGS: ReadonlySet<string> = new Set(['collect', 'limits', 'retry'])
const WITH_FORMAT: ReadonlySet<string> = new Set(['status', 'dead', 'workers', 'batches'])

/** @throws UsageError for flags that would be without effect */
function checkFlags(command: ManageArgs['command'], flags: GivenFlags): void {
  if (WITH_FLAGS.has(command)) return
  const other = flags.find(([name]) => name !== 'format' || !WITH_FORMAT.has(command))
  if (other === undefined) return
  throw new UsageError(`${command}: --${other[0]} is a flag of a run. See preq ${command} --help.`)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function say(text: string): number {
  process.stderr.write(`preq: ${printable(text)}\n`)
  return 0
}

/** @throws UsageError for another format */
function isJson(flags: GivenFlags): boolean {
  const format = flags.findLast(([name]) => name === 'format')?.[1]
  if (format !== undefined && format !== 'json') throw new UsageError(`--format: expected json, got ${String(format)}.`)
  return format === 'json'
}

function status(batch: string, own: BatchFlags, json: boolean): Promise<number> {
  return use(own, async broker => {
    if (own.watch === true) return watch({ broker, batch, isJson: json, stream: process.stdout })
    const found = await statusOf(broker, batch)
    return print(json ? `${JSON.stringify(found)}\n` : statusText(found))
  })
}

function statusText({
  batch,
  state,
  requests,
  chunks,
  chunksDone,
  waiting,
  active,
  stuck,
  live,
  results,
}: BatchStatus): string {
  const { ok, failed, left, retries, workers, rate, etaMs } = live
  const rest = stuck === 0 ? '' : `, ${stuck} stuck (preq reconcile ${batch} tries them again)`
  const time = etaMs === undefined || left === 0 ? '' : `, about ${formatDuration(etaMs)} left`
  return (
    `${batch}: ${state}\n` +
    `requests  ${requests}: ${ok} ok, ${failed} failed, ${left} left; ${retries} retries\n` +
    `chunks    ${chunksDone} of ${chunks} done, ${active} with workers, ${waiting} waiting${rest}\n` +
    (state === 'done' ? '' : `workers   ${workers}, ${rate} requests/s${time}\n`) +
    `results   ${printable(results)}\n`
  )
}

const reconciledText = ({ batch, chunks, done, added }: Reconciled): string =>
  `batch ${batch}: ${done} of ${chunks} chunks are done, ${chunks - done - added} are in the queue, ${added} were added again.`

async function collect(batch: string | undefined, own: BatchFlags, flags: GivenFlags): Promise<number> {
  const other = flags.find(([name]) => name !== 'output' && name !== 'overwrite')
  if (other !== undefined) throw new UsageError(`collect: --${other[0]} is a flag of a run. See preq collect --help.`)
  const path = flags.findLast(([name]) => name === 'output')?.[1]
  if (typeof path === 'string') checkName(path)
  const { results, workers } = await collectableOf(batch, own)
  const collected = await collectBatch({
    results,
    output: typeof path === 'string' && path !== '-' ? path : process.stdout,
    overwrite: flags.some(([name]) => name === 'overwrite'),
    partial: own.partial === true,
    workers,
  })
  say(collectedText(collected, path))
  return collected.missing === 0 ? 0 : 1
}

/** A run file under the name of a table would surprise the program that opens it. */
function checkName(path: string): void {
  const problems: Problem[] = []
  if (outputFormatOf(path, problems) === 'jsonl' && problems.length === 0) return
  throw new UsageError(
    `-o: expected a file that ends in .jsonl, got ${path}. For another format, collect to FILE.jsonl; then preq -i INPUT -o FILE.jsonl -o FILE.csv --resume writes it and sends nothing.`,
  )
}

/** @param path of `-o` */
function collectedText({ requests, failed, missing }: Collected, path: unknown): string {
  const rest = missing === 0 ? '' : ` ${counted(missing, 'request')} ${missing === 1 ? 'has' : 'have'} no result yet.`
  const next =
    failed === 0 || typeof path !== 'string' || path === '-' ? '' : ` preq report ${shellWord(path)} shows why.`
  return `${counted(requests, 'result')}: ${requests - failed} ok, ${failed} failed.${next}${rest}`
}

async function collectableOf(
  batch: string | undefined,
  own: BatchFlags,
): Promise<{ readonly results: string; readonly workers?: number | undefined }> {
  const given = own.results === undefined ? undefined : resolve(own.results)
  if (given !== undefined && (batch === undefined || own.broker === undefined)) return { results: given }
  if (batch === undefined)
    throw new UsageError('collect: expected the name of a batch, or --results FOLDER, got neither.')
  const { results, workers } = await use(own, broker => collectable(broker, batch))
  return { results: given ?? results, workers }
}

async function doctor(broker: Broker): Promise<number> {
  const findings = await examine(broker)
  const paint = paintFor(process.stdout)
  const width = Math.max(...findings.map(({ what }) => what.length))
  for (const { what, found, remedy } of findings) {
    const mark = remedy === undefined ? paint('green', 'ok') : paint('yellow', '!!')
    print(`${mark}  ${what.padEnd(width)}  ${printable(found)}${remedy === undefined ? '' : `. ${remedy}`}\n`)
  }
  return findings.some(({ isFatal }) => isFatal === true) ? 1 : 0
}
