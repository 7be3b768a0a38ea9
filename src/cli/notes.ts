/** Reports on standard error, before a run begins, what was left out of a pasted command. */
import { messageRecord } from './records.ts'
import type { RunPlan } from './run-plan.ts'

export function sayNotes({ notes, display }: RunPlan): void {
  if (display.quiet) return
  for (const note of notes) {
    process.stderr.write(display.progress === 'json' ? messageRecord('message', note) : `preq: ${note}\n`)
  }
}
