/** The error for an input that is not the one of its run file: it describes the first difference. */
import type { ResumeDecision } from './resume-decision.ts'
import type { ResumePlan } from '../../config/plan.ts'
import type { Call } from '../../core/call.ts'
import { ConfigError } from '../../core/error.ts'
import type { DoneLine, Journal } from '../../core/journal.ts'
import { printableUrl } from '../../core/url.ts'
import { problem } from '../../core/problem.ts'

type Another = Extract<ResumeDecision, { readonly kind: 'another' }>

interface Parts {
  readonly journal: Pick<Journal, 'read'>
  readonly plan: Pick<ResumePlan, 'path'>
}

/** Describes the request that the file has, and the one of the input. Never shows possible secrets. */
export async function another(call: Call, { id, isOld }: Another, { journal, plan }: Parts): Promise<ConfigError> {
  const { path } = plan
  if (isOld) return notRecorded(call, path)
  const line = await journal.read(id).catch(() => undefined)
  const now = described({ ...call, url: printableUrl(call.url, call.plan.secretNames) })
  const then = line === undefined ? 'another request' : described(line)
  const same = now === then ? ' (they differ in what is not shown: the body, or secrets in URL and headers)' : ''
  return new ConfigError([
    problem(
      'resume',
      `the input that ${path} was made from`,
      `another one: request ${call.index} was ${then} and is ${now}${same}`,
      'Give the same input (it may be longer), or another path.',
    ),
  ])
}

function notRecorded({ index, own }: Call, path: string): ConfigError {
  const names = new Set([...(own?.headers ?? []).filter((_, at) => at % 2 === 0), ...(own?.unset ?? [])])
  if (own?.credentials !== undefined) names.add('auth')
  return new ConfigError([
    problem(
      'resume',
      `a run file that records the headers and credentials of request ${index} itself (${[...names].join(', ')})`,
      `${path} of version 1, which does not: its lines may be the answers of other rows`,
      'Give another path.',
    ),
  ])
}

function described({
  method,
  url,
  key,
}: Pick<DoneLine, 'method' | 'url'> & { readonly key?: string | undefined }): string {
  return `${method} ${url}${key === undefined ? '' : ` (key ${key})`}`
}
