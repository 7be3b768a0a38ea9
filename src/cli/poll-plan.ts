/** Reads the flags of jobs: `--poll` and `--poll-…`. A path that does not compile is found before anything is sent. */
import type { FlagValues } from './flags.ts'
import type { Values } from '../config/table.ts'
import type { Problem } from '../core/problem.ts'
import { problem } from '../core/problem.ts'
import { compilePath } from '../paginate/jmespath.ts'

const PATHS = ['poll-status', 'poll-url', 'poll-result'] as const

/** The settings of jobs also turn them on. */
export function pollOf(values: FlagValues, problems: Problem[]): Values['poll'] {
  if (values.poll === false) return false
  for (const flag of PATHS) {
    const path = values[flag]
    const compiled = typeof path === 'string' ? compilePath(path) : undefined
    if (compiled === undefined || typeof compiled === 'function') continue
    problems.push(problem(`--${flag}`, compiled.expected, compiled.got, compiled.remedy))
  }
  const given = {
    status: values['poll-status'],
    done: values['poll-done'],
    failed: values['poll-failed'],
    interval: values['poll-interval'],
    deadline: values['poll-deadline'],
    url: values['poll-url'],
    result: values['poll-result'],
  }
  const particulars = Object.entries(given).filter(([, value]) => value !== undefined)
  if (particulars.length === 0 && values.poll !== true) return undefined
  return Object.fromEntries(particulars)
}
