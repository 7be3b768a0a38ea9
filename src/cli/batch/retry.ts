/** `preq retry`: failed requests of a batch are sent again. */
import type { BatchFlags } from './args.ts'
import { use } from './broker.ts'
import { counted } from './counted.ts'
import { readSettings, givenFlags } from '../settings.ts'
import type { GivenFlags } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { printable } from '../../core/printable.ts'
import type { MeantFailures } from '../../core/failure-codes.ts'
import { orderRetry } from '../../distributed/batch/retry.ts'

const OWN: ReadonlySet<string> = new Set(['retry-only', 'retry-failed', 'unknown-writes'])

/** Returns the exit code. */
export async function retry(batch: string, own: BatchFlags, given: GivenFlags): Promise<number> {
  const other = given.find(([name]) => !OWN.has(name))
  if (other !== undefined) {
    throw new UsageError(
      `retry: --${other[0]} is a flag of preq submit: a batch keeps its flags. See preq retry --help.`,
    )
  }
  const { values, problems } = readSettings(givenFlags(given))
  if (problems.length > 0) throw new UsageError(problems)
  const retryFailed: MeantFailures | undefined = values['retry-only']?.flat() ?? values['retry-failed']
  if (retryFailed === undefined) {
    throw new UsageError(
      'retry: expected which failures are sent again, got none. Add --retry-only 5xx,timeout, or --retry-failed.',
    )
  }
  return use(own, async broker => {
    const unknownWrites = values['unknown-writes']
    const { requests, chunks } = await orderRetry({ broker, batch, results: own.results, retryFailed, unknownWrites })
    const text =
      requests === 0
        ? `batch ${batch} has no such failure, so nothing is sent again.`
        : `batch ${batch}: ${counted(requests, 'request')} in ${counted(chunks, 'chunk')} ${requests === 1 ? 'is' : 'are'} sent again. Start workers: preq worker --broker URL --batch ${batch}`
    process.stderr.write(`preq: ${printable(text)}\n`)
    return 0
  })
}
