/** What one line of a run file, or of the sink `jsonLines`, says. Unknown fields and unknown kinds of lines are skipped. */
import { entryOfLine, numberOf, objectOf, textOf, timeOf } from './entry.ts'
import type { Entry } from './entry.ts'
import { parseLine } from '../store/run-lines.ts'
import { lineNameOf } from '../store/line-book.ts'

/** The start or the end of a session of the run; `batch`: several processes have run it. */
export interface RunNote {
  readonly event: 'start' | 'end' | 'batch'
  /** Of a batch. */
  readonly chunks: number | undefined
  readonly workers: number | undefined
  readonly atMs: number | undefined
  readonly version: string | undefined
  readonly total: number | undefined
  readonly options: Readonly<Record<string, unknown>> | undefined
  readonly elapsedMs: number | undefined
  readonly cpuMs: number | undefined
  readonly limitedBy: string | undefined
  readonly shares: Readonly<Record<string, number>> | undefined
  readonly advice: string | undefined
}

/** A host that was paused. Epoch milliseconds. */
export interface PauseNote {
  readonly host: string
  readonly fromMs: number
  readonly toMs: number
}

export type Line =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'intent'; readonly id: string; readonly isRevoked: boolean }
  | { readonly kind: 'run'; readonly note: RunNote }
  | { readonly kind: 'pause'; readonly note: PauseNote }
  /** Nothing that a report needs: a blank line, a salt, or a kind of a later version. */
  | { readonly kind: 'other' }
  /** It was changed after writing, or is no line of a run file at all. */
  | { readonly kind: 'bad'; readonly problem: string }

const OTHER: Line = { kind: 'other' }

/** @param bytes without the line end */
export function readReportLine(bytes: Buffer): Line {
  const parsed = parseLine(bytes)
  if (parsed.kind === 'blank') return OTHER
  if (parsed.kind === 'damaged') return { kind: 'bad', problem: parsed.problem }
  if (parsed.sum === 'differs') return { kind: 'bad', problem: 'its crc differs' }
  const line = objectOf(parsed.value)
  if (line === undefined) return { kind: 'bad', problem: 'it is not a JSON object' }
  const entry = entryOfLine(line)
  if (entry !== undefined) return { kind: 'entry', entry }
  return noteOf(line)
}

function noteOf(line: Readonly<Record<string, unknown>>): Line {
  const run = objectOf(line['run'])
  if (run !== undefined) return { kind: 'run', note: runNoteOf(run) }
  const { intent, pause, poll } = line
  if (typeof pause === 'string') {
    const [fromMs, toMs] = [timeOf(line['from']), timeOf(line['to'])]
    return fromMs === undefined || toMs === undefined ? OTHER : { kind: 'pause', note: { host: pause, fromMs, toMs } }
  }
  const started = objectOf(intent)
  if (started !== undefined) return { kind: 'intent', id: idIn(started), isRevoked: started['sent'] === false }
  const job = objectOf(poll)
  // The next run follows the job further, so the request is not done, and not in doubt.
  if (job !== undefined) return job['url'] === undefined ? OTHER : { kind: 'intent', id: idIn(job), isRevoked: true }
  // A salt, or a kind of a later version, which has a version or a checksum.
  return 'v' in line || 'crc' in line ? OTHER : { kind: 'bad', problem: 'it has no fields of a request' }
}

function idIn(request: Readonly<Record<string, unknown>>): string {
  return lineNameOf({
    v: request['v'] === 1 ? 1 : 2,
    id: textOf(request['id']) ?? '',
    index: numberOf(request['index']) ?? 0,
  })
}

function runNoteOf(run: Readonly<Record<string, unknown>>): RunNote {
  const shares = objectOf(run['shares'])
  return {
    event: run['event'] === 'end' || run['event'] === 'batch' ? run['event'] : 'start',
    chunks: numberOf(run['chunks']),
    workers: numberOf(run['workers']),
    atMs: timeOf(run['at']),
    version: textOf(run['version']),
    total: numberOf(run['total']),
    options: objectOf(run['options']),
    elapsedMs: numberOf(run['elapsedMs']),
    cpuMs: numberOf(run['cpuMs']),
    limitedBy: textOf(run['limitedBy']),
    shares:
      shares &&
      Object.fromEntries(
        Object.entries(shares).filter((pair): pair is [string, number] => numberOf(pair[1]) !== undefined),
      ),
    advice: textOf(run['advice']),
  }
}
