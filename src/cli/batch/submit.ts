/** `preq submit`: the input of a run becomes chunks in a queue. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BatchFlags } from './args.ts'
import { divideFlags, secretNamesIn } from './shared-flags.ts'
import type { SharedFlags } from './shared-flags.ts'
import { planFlags } from './worker-plan.ts'
import { counted } from './counted.ts'
import { NO_BROKER, use } from './broker.ts'
import { shapeOf } from '../input/format.ts'
import { openJobs } from '../input/jobs.ts'
import type { Jobs } from '../input/jobs.ts'
import { limited } from '../input/limited.ts'
import { countOf } from '../input/range.ts'
import { planRun } from '../run-plan.ts'
import type { InputPlan } from '../run-plan.ts'
import { givenFlags, settingSources } from '../settings.ts'
import type { GivenFlags } from '../settings.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { UsageError } from '../usage-error.ts'
import { Unusable } from '../../config/unusable.ts'
import { keepIntegers } from '../../core/exact-json.ts'
import type { Problem } from '../../core/problem.ts'
import { checkedRow } from '../../distributed/batch/api.ts'
import { evictionProblem } from '../../distributed/batch/doctor.ts'
import { readShareName } from '../../distributed/limits/redis-limits.ts'
import { ratesIn } from '../../distributed/batch/limits.ts'
import { submitBatch } from '../../distributed/batch/submit.ts'
import type { SubmitInput } from '../../distributed/batch/submit.ts'

const MOST_CHUNK_ROWS = 100_000

/** Returns the exit code. */
export async function submit(urls: readonly string[], given: GivenFlags, own: BatchFlags): Promise<number> {
  keepHeapSmall()
  keepIntegers()
  const { batch, results } = placeOf(own)
  checkSources(given)
  const chunkRows = own.chunk === undefined ? undefined : Number(own.chunk)
  if (chunkRows !== undefined && !(Number.isInteger(chunkRows) && chunkRows >= 1 && chunkRows <= MOST_CHUNK_ROWS)) {
    throw new UsageError(`--chunk: expected an integer from 1 to 100,000, got '${own.chunk}'.`)
  }
  const shared = divideFlags(given)
  const shareName = shareNameOf(given)
  // The secrets are those of the workers; here it is only checked that the flags fit together.
  const planned = planFlags(shared.workers, withSecrets(process.env, given))
  const { input } = planRun(urls, shared.rows, process.env, givenFlags(shared.rows))
  return use(own, async broker => {
    const problem = await evictionProblem(broker)
    if (problem !== undefined) process.stderr.write(`preq: ${problem}\n`)
    const file = own.inline === true ? undefined : fileOf(input, shared)
    const jobs = file === undefined ? limited(await openJobs(input), input.limit) : undefined
    try {
      const made = await submitBatch({
        broker,
        batch,
        results,
        chunkRows,
        input: file ?? { kind: 'rows', rows: rowsOf(jobs as Jobs, secretNamesIn(given)) },
        plan: { kind: 'flags', given: shared.workers },
        shareName,
        rates: ratesIn(planned.client),
      })
      const before = made.known === 0 ? '' : ` Submitted before: ${made.known} of ${counted(made.chunks, 'chunk')}.`
      process.stderr.write(
        `preq: batch ${batch} has ${counted(made.requests, 'request')} in ${counted(made.chunks, 'chunk')}.${before} ` +
          `Start workers: preq worker --broker URL --batch ${batch}\n`,
      )
      return 0
    } finally {
      jobs?.close()
    }
  })
}

/** Throws a UsageError with all flags that are missing. */
function placeOf({ batch, results, broker }: BatchFlags): { readonly batch: string; readonly results: string } {
  if (batch !== undefined && results !== undefined) return { batch, results }
  throw new UsageError([
    ...(batch === undefined ? ['--batch: expected a name for the batch, got none. Add --batch NAME.'] : []),
    ...(results === undefined
      ? ['--results: expected a folder that all machines share, got none. Add --results FOLDER.']
      : []),
    ...(broker === undefined ? [NO_BROKER] : []),
  ])
}

function shareNameOf(given: GivenFlags): string | undefined {
  const name = given.findLast(([flag]) => flag === 'share-name')?.[1]
  if (name === undefined) return undefined
  const problems: Problem[] = []
  const read = readShareName(name, '--share-name', problems)
  if (problems.length > 0) throw new UsageError(problems)
  return read
}

/** Settings of this folder would not be there on other machines. */
function checkSources(given: GivenFlags): void {
  const { file, variables } = settingSources(given, process.env)
  const [source] = [...(file === undefined ? [] : [file]), ...variables]
  if (source === undefined) return
  throw new UsageError(
    `submit: expected all settings as flags, got ${source}. Workers on other machines do not have it.`,
  )
}

function withSecrets(env: NodeJS.ProcessEnv, given: GivenFlags): NodeJS.ProcessEnv {
  const names = given.flatMap(([, value]) => [...String(value).matchAll(/env:([A-Za-z_]\w*)(?::([A-Za-z_]\w*))?/g)])
  const known = names.flatMap(([, ...found]) => found.filter(name => name !== undefined))
  return { ...Object.fromEntries(known.map(name => [name, 'user:secret'])), ...env }
}

/** The file, if its lines are the requests: then workers read it, and Redis holds none of its rows. */
function fileOf(input: InputPlan, { hasTemplates }: SharedFlags): (SubmitInput & { kind: 'file' }) | undefined {
  const [path, ...others] = input.files
  if (path === undefined || others.length > 0 || input.urls.length > 0 || hasTemplates) return undefined
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  const { format, isGzip } = shapeOf(path, input)
  if (format === 'csv' || format === 'json' || isGzip) return undefined
  const check = (text: string, line: number): void => {
    if (format !== 'lines' || countOf(text) === 1) return
    throw new UsageError(`${path}:${line}: expected a URL without a range, got one with. Add --inline.`)
  }
  return { kind: 'file', path: resolve(path), format, check }
}

async function* rowsOf(jobs: Jobs, secretNames: ReadonlySet<string>): AsyncGenerator<string, void> {
  for await (const job of jobs) {
    if (job instanceof Unusable) yield checkedRow(job, '')
    else {
      const { meta, ...spec } = job
      const { file, line } = meta ?? { file: undefined, line: 0 }
      yield checkedRow(spec, file === undefined ? `URL ${line}` : `${file}:${line}`, secretNames)
    }
  }
}
