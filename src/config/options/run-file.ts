/** The options of the run file: how a run is recorded and resumed. */
import { readFailureCodes } from '../failure-codes.ts'
import { bool, matching, oneOf, orList, problem } from '../kinds.ts'
import { option, part } from '../option.ts'
import { readHeaderNames } from '../response-headers.ts'
import type { ResumePlan } from '../plan.ts'
import type { Values } from '../table.ts'
import { isFilled } from '../texts.ts'
import { isItems } from '../../core/passed-on.ts'
import type { ReturnTypeName } from '../../core/spec.ts'
import type { Problem } from '../../core/problem.ts'
import type { Words } from '../../core/words.ts'

export const RUN_FILE_OPTIONS = {
  resume: option({
    scope: 'call',
    plan: 'part',
    read: matching('a path', isFilled, "Write it as 'run.jsonl'."),
    crosses: 'drop',
    inSync: () => ({
      expected: 'none',
      remedy: 'A run file is written in the background, which a blocked thread cannot do.',
    }),
    doc: 'Path of a run file with one line per finished request; a rerun resumes from it.',
  }),
  retryFailed: option({
    scope: 'call',
    plan: 'part',
    read: orList(bool, readFailureCodes),
    default: false,
    crosses: 'drop',
    doc: "With `resume`: send recorded failures again: all (`true`), or those with the given codes and classes: `['5xx', 'timeout']`.",
  }),
  unknownWrites: option({
    scope: 'call',
    plan: 'part',
    read: oneOf(['fail', 'resend']),
    default: 'fail',
    defaultText: "`'fail'`: `in_doubt/crash`",
    crosses: 'drop',
    doc: "With `resume`: what happens to unsafe requests that were in flight when the previous run ended: `'fail'` or `'resend'`.",
  }),
  responseHeaders: option({
    scope: 'call',
    plan: 'part',
    read: readHeaderNames,
    crosses: 'drop',
    doc: 'With `resume`: names of response headers that are recorded in the run file.',
  }),
  durability: option({
    scope: 'call',
    plan: 'part',
    read: oneOf(['process', 'power']),
    default: 'process',
    crosses: 'drop',
    doc: "With `resume`: a recorded line survives the end of the process (`'process'`), or also a power failure (`'power'`).",
  }),
}

/** A run file does not hold what was passed to `onChunk` or `onItem`. */
export function notResumable(type: ReturnTypeName | undefined): Problem | undefined {
  return type === 'stream' ? NOT_RESUMABLE.pieces : isItems(type) ? NOT_RESUMABLE[type] : undefined
}

const lost = (what: string): Problem =>
  problem('resume', 'a return type whose values can be kept', what, 'Use another one, or leave resume out.')

const NOT_RESUMABLE = {
  pieces: lost("'stream', whose pieces are not kept"),
  ndjson: lost("'ndjson', whose items are not kept"),
  sse: lost("'sse', whose events are not kept"),
}

export function checkRunFile(values: Values, problems: Problem[]): void {
  for (const name of ['retryFailed', 'unknownWrites', 'responseHeaders', 'durability'] as const) {
    if (values[name] === undefined || values.resume !== undefined) continue
    const remedy: Words = ['Set ', { option: 'resume', value: 'run.jsonl' }, '.']
    problems.push(problem(name, [{ option: 'resume' }, ' beside it'], 'none', remedy))
  }
}

export const BATCH_RUN_FILE = {
  resume: part(['resume', 'retryFailed', 'unknownWrites', 'responseHeaders', 'durability'], planResume),
}

function planResume(values: Values): ResumePlan | undefined {
  const { retryFailed, unknownWrites, durability } = RUN_FILE_OPTIONS
  if (values.resume === undefined) return undefined
  return {
    path: values.resume,
    retryFailed: values.retryFailed ?? retryFailed.default,
    unknownWrites: values.unknownWrites ?? unknownWrites.default,
    responseHeaders: values.responseHeaders ?? [],
    durability: values.durability ?? durability.default,
  }
}
