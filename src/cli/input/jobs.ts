/** The input of a run as requests, one after the other; each knows where it stands, for messages and for the output. */
import { linesOf } from './lines.ts'
import type { InputPlan } from '../run-plan.ts'
import type { RequestSpec } from '../../index.ts'

/** Where a request comes from; the `meta` of its spec. */
export interface Place {
  /** Undefined for the command line. */
  readonly file: string | undefined
  /** From 1: of the file, or of the command line's URLs. */
  readonly line: number
  /** Its columns, where it is a row. */
  readonly row?: Readonly<Record<string, string>>
}

export type Job = RequestSpec<unknown, Place>

export interface Jobs extends AsyncIterable<Job> {
  /** How many there are, where that is known before the first. */
  readonly total: number | undefined
  /** Names of the columns that rows have. */
  readonly columns: readonly string[]
}

/** Throws a UsageError for what can be known to be wrong before anything is sent. */
export async function openJobs(input: InputPlan): Promise<Jobs> {
  const { urls, files } = input
  const total = files.length === 0 ? urls.length : undefined
  return { total, columns: [], [Symbol.asyncIterator]: () => jobsOf(input) }
}

async function* jobsOf({ urls, files, ...alike }: InputPlan): AsyncGenerator<Job, void> {
  for (const [index, url] of urls.entries()) yield jobOf(url, { file: undefined, line: index + 1 }, alike)
  for (const file of files) {
    for await (const { text, line } of linesOf(file)) {
      if (text.trim() !== '' && !text.startsWith('#')) yield jobOf(text.trim(), { file, line }, alike)
    }
  }
}

function jobOf(url: string, meta: Place, { method, headers }: Pick<InputPlan, 'method' | 'headers'>): Job {
  return { url, meta, headers, ...(method !== undefined && { method }) }
}
