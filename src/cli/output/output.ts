/** Where the outcomes of a run go: a sink by the format that was asked for, or the run file itself. */
import type { OutputPlan } from '../run-plan.ts'
import type { Sink } from '../../index.ts'
import { jsonLines } from '../../sinks/index.ts'

export interface Output {
  /** Undefined where the run file is the output. */
  readonly sink: Sink | undefined
  /** The run file. */
  readonly resume: string | undefined
}

/** Throws a UsageError when it cannot be written, before anything is sent. */
export async function openOutput(output: OutputPlan): Promise<Output> {
  if (output.path !== undefined && output.format === 'jsonl') return { sink: undefined, resume: output.path }
  return { sink: jsonLines(process.stdout), resume: undefined }
}
