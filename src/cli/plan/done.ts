/** Which requests a run with `--resume` would restore from its run file. */
import type { RunPlan } from '../run-plan.ts'
import { shorter } from '../../client/run/batch-run.ts'
import { another } from '../../client/run/another-input.ts'
import { Roll, resumeDecisionOf, knownOf } from '../../client/run/resume-decision.ts'
import type { ResumePlan } from '../../config/plan.ts'
import type { Call } from '../../core/call.ts'
import { lookInto } from '../../store/run-file.ts'

export interface Done {
  ok: number
  failed: number
  /** Unsafe requests that the server may or may not have carried out. They fail and are not sent. */
  doubtful: number
  /** Requests whose jobs are not done. They are followed further, and not started again. */
  jobs: number
  /** Requests of the run file that the input does not have any more. Known at its end. */
  gone: number
}

export interface Record {
  readonly done: Done
  /** To be called for each request, with its id, before `isLeft`. */
  readonly meet: (id: string) => void
  /** Whether the run would send the call. Throws a ConfigError if the run file belongs to another input. */
  readonly isLeft: (call: Call) => Promise<boolean>
  /** Throws if the run file has more requests than the input. */
  readonly end: (requests: number) => void
}

/** The run file that a run would resume. */
export function runFileOf({ resume, files }: RunPlan['output']): string | undefined {
  return resume ? files.find(({ format }) => format === 'jsonl')?.path : undefined
}

/** Undefined if there is nothing to resume. Only reads the file, because another run may be writing to it. */
export async function recordOf(plan: ResumePlan | undefined, limit: number | undefined): Promise<Record | undefined> {
  const file = plan === undefined ? undefined : await lookInto(plan.path)
  if (plan === undefined || file === undefined) return undefined
  const done: Done = { ok: 0, failed: 0, doubtful: 0, jobs: 0, gone: 0 }
  const roll = new Roll(file)
  return {
    done,
    meet: id => roll.meet(id),
    async isLeft(call) {
      const decision = await resumeDecisionOf(call, file, plan, roll)
      switch (decision.kind) {
        case 'send':
          return true
        case 'poll':
          done.jobs++
          return false
        case 'another':
          throw await another(call, decision, { journal: file, plan })
        case 'doubt':
          done.doubtful++
          return false
        case 'restore':
          done[knownOf(file, decision.id)?.ok === true ? 'ok' : 'failed']++
          return false
      }
    },
    end(requests) {
      if (limit !== undefined) return
      if (requests < file.size) throw shorter(plan.path, file.size)
      done.gone = roll.gone
    },
  }
}

/** The second line of a plan. */
export function doneLine({ ok, failed, doubtful, jobs, gone }: Done, output: RunPlan['output']): string {
  const parts = [
    `done already: ${ok + failed}`,
    ...(failed > 0 ? [`${failed} of them failed (--retry-failed sends them again)`] : []),
    ...(doubtful > 0 ? [`${doubtful} in doubt (--unknown-writes resend sends them again)`] : []),
    ...(jobs > 0
      ? [
          jobs === 1
            ? '1 job is followed further, without starting it again'
            : `${jobs} jobs are followed further, without starting them again`,
        ]
      : []),
    ...(gone > 0 ? [`${gone} not in the input any more (their lines stay)`] : []),
    ...(output.save !== undefined && ok > 0 ? ['files that are gone are fetched again'] : []),
  ]
  return parts.join(', ')
}
