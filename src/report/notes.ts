/** What is unknown to a report, and what it leaves out. */
import type { Collector } from './collector.ts'
import type { ReportData } from './data.ts'
import { MAX_HOSTS } from './hosts.ts'
import { amount } from './words.ts'
import type { RunNote } from './line.ts'
import type { FileFacts } from './read-file.ts'

/** @param facts of the file; undefined for outcomes */
export function notesOf(
  { clock, sessions, end, ids, hosts, lacksTries, morePauses, samples, batch }: Collector,
  facts: FileFacts | undefined,
  counts: ReportData['counts'],
): string[] {
  const shown = samples.failures().length
  return [
    ...sourceNotes(facts),
    ...(batch === undefined ? [] : [batchNote(batch)]),
    ...(counts.requests > 0 && end?.limitedBy === undefined ? [whyNoCause(sessions, facts, batch !== undefined)] : []),
    ...(sessions > 1 ? [`The run has ${amount(sessions)} sessions. The time between them is left out.`] : []),
    ...(counts.requests > 0 && clock.startedAtMs === undefined
      ? ['There are no times, so throughput and concurrency over time are unknown.']
      : []),
    ...(clock.setBack > 0
      ? [`The clock was set back ${times(clock.setBack)} during the run: times after that are only relative.`]
      : []),
    ...(clock.idle > 0 ? [`${idle(clock.idle)} without a result, left out of the charts.`] : []),
    ...(lacksTries ? ['For some requests with several attempts, the single attempts are not recorded.'] : []),
    ...(ids.forgotten > 0
      ? [
          `${amount(ids.forgotten, 'request')} beyond the ids that fit into memory: if one has several lines, each counts as a request.`,
        ]
      : []),
    ...(hosts.list.length > MAX_HOSTS
      ? [`There are more than ${amount(MAX_HOSTS)} hosts: the others are counted as one.`]
      : []),
    ...(morePauses > 0 ? [`${amount(morePauses, 'further pause')} not shown.`] : []),
    ...(counts.failed > shown
      ? [`${amount(shown)} of ${amount(counts.failed, 'failure')} are listed, some of every code and host.`]
      : []),
    ...(counts.inDoubt > 0
      ? [`${amount(counts.inDoubt, 'request')} had been sent, but had no result when the process ended.`]
      : []),
    ...(counts.unsent > 0 ? [`${amount(counts.unsent, 'request')} not sent.`] : []),
  ]
}

function sourceNotes(facts: FileFacts | undefined): string[] {
  if (facts === undefined) return []
  const { damaged, firstDamaged, isTorn } = facts
  return [
    ...(damaged > 0 ? [`${amount(damaged, 'line')} damaged and left out, the first is line ${firstDamaged}.`] : []),
    ...(isTorn ? ['The last line is incomplete and left out: the run was killed, or is still running.'] : []),
  ]
}

function batchNote({ chunks, workers }: RunNote): string {
  const parts = chunks === undefined ? '' : ` of ${amount(chunks, 'chunk')}`
  return `A batch${parts}${workers === undefined ? '' : `, run by ${amount(workers, 'worker')}`}.`
}

function whyNoCause(sessions: number, facts: FileFacts | undefined, isBatch: boolean): string {
  if (facts === undefined) return 'Outcomes do not say what limited the run.'
  if (isBatch && sessions === 0) return 'Workers do not record what limited a batch.'
  return sessions > 0
    ? 'The file has no line for the end of the run, so what limited it is unknown: it was killed, or is still running.'
    : 'The file has no lines about the run itself, so what limited it is unknown.'
}

const times = (count: number): string => (count === 1 ? 'once' : `${amount(count)} times`)
const idle = (count: number): string => (count === 1 ? 'There was a long gap' : `There were ${amount(count)} long gaps`)
