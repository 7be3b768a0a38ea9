/** What a run with `--resume` would take from its run file, request by request: as client/resume.ts decides it. */
import type { RunPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { shorter } from '../../client/batch-run.ts'
import { fingerprint } from '../../client/fingerprint.ts'
import type { Call } from '../../core/call.ts'
import { getHeader } from '../../core/headers.ts'
import { REFUSED_ID } from '../../core/journal.ts'
import { printableUrl } from '../../core/url.ts'
import { lookInto } from '../../store/run-file.ts'
import type { Recovery } from '../../store/recovery.ts'

export interface Done {
  ok: number
  failed: number
  /** Writes that were under way at a crash: they fail, and are not sent. */
  doubtful: number
}

export interface Record {
  readonly done: Done
  /** Whether it would be sent. Throws a UsageError where the file is of another input. */
  readonly isLeft: (call: Call) => boolean
  /** Throws where the file knows of more than was given. */
  readonly end: (requests: number) => void
}

/** The file that a run would go on with. */
export function runFileOf({ resume, files }: RunPlan['output']): string | undefined {
  return resume ? files.find(({ format }) => format === 'jsonl')?.path : undefined
}

/** Undefined where there is nothing to go on with. Changes nothing: a run that is going on may write meanwhile. */
export async function recordOf(
  { call: options, input }: RunPlan,
  path: string | undefined,
): Promise<Record | undefined> {
  const file = path === undefined ? undefined : await lookInto(path)
  if (path === undefined || file === undefined) return undefined
  const done: Done = { ok: 0, failed: 0, doubtful: 0 }
  return {
    done,
    isLeft(call) {
      const known = knownOf(file, call.index)
      const doubt = file.doubts.get(call.index)
      const before = doubt ?? known
      if (before === undefined) return true
      if (before.id !== fingerprint(call)) throw another(path, call)
      if (doubt !== undefined) {
        const isSafe = call.plan.retry.methods.has(call.method)
        const isKeyed = doubt.idempotencyKey !== undefined && getHeader(call.headers, 'idempotency-key') !== undefined
        if (isSafe || isKeyed || options.unknownWrites === 'resend') return true
        done.doubtful++
        return false
      }
      if (known?.ok !== true && options.retryFailed === true) return true
      done[known?.ok === true ? 'ok' : 'failed']++
      return false
    },
    end(requests) {
      if (requests < file.size && input.limit === undefined) throw shorter(path, file.size)
    },
  }
}

/** In words, for the second line of a plan. */
export function doneLine({ ok, failed, doubtful }: Done, output: RunPlan['output']): string {
  const parts = [
    `done already: ${ok + failed}`,
    ...(failed > 0 ? [`${failed} of them failed (--retry-failed sends them again)`] : []),
    ...(doubtful > 0 ? [`${doubtful} in doubt (--unknown-writes resend sends them again)`] : []),
    ...(output.save !== undefined && ok > 0 ? ['files that are gone are fetched again'] : []),
  ]
  return parts.join(', ')
}

/** What was refused then may be anything now. */
function knownOf(file: Recovery, index: number): ReturnType<Recovery['done']['get']> {
  const known = file.done.get(index)
  return known?.id === REFUSED_ID ? undefined : known
}

function another(path: string, { index, method, url, plan }: Call): UsageError {
  const now = `${method} ${printableUrl(url, plan.secretNames)}`
  return new UsageError(
    `--resume: expected the input that ${path} was made from, got another one: request ${index} is ${now} now. ` +
      'Give the same input (it may be longer), or another path.',
  )
}
