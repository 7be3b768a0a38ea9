/** `preq URL…`, `preq -i FILE`: sends everything, writes every outcome, and says at the end how it went. */
import { openJobs } from '../input/jobs.ts'
import { openOutput } from '../output/output.ts'
import { planRun } from '../run-plan.ts'
import { readSettings } from '../settings.ts'
import type { GivenFlags } from '../settings.ts'
import { showProgress } from '../progress.ts'
import { ParallelRequests } from '../../index.ts'

/** Resolves with the exit code. */
export async function run(urls: readonly string[], flags: GivenFlags): Promise<number> {
  const { values, problems } = readSettings(flags, process.env)
  const plan = planRun(urls, values, [...problems], process.env)
  const jobs = await openJobs(plan.input)
  const { sink, resume } = await openOutput(plan.output)
  const display = plan.display.progress === 'none' ? undefined : await showProgress(process.stderr)
  await using client = new ParallelRequests(plan.client)
  const { order: _, ...call } = plan.call
  const totals = await client.drain(jobs, {
    ...call,
    ...(sink !== undefined && { sink }),
    ...(resume !== undefined && { resume }),
    ...(display !== undefined && { onProgress: progress => display.show(progress) }),
  })
  display?.done()
  return totals.failed === 0 ? 0 : 1
}
