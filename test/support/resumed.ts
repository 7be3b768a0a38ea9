/** Runs with a run file, and the contents of the file. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './run-lines.ts'
import type { DoneLine, IntentLine, PollLine } from '../../src/core/journal.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockHandler, MockTransport } from '../../src/testing/index.ts'

/** A path in a new folder, which is removed with the test. */
export const newRun = (): string => join(folder(), 'run.jsonl')

export const urlsTo = (count: number, hosts = 1): string[] =>
  Array.from({ length: count }, (_, n) => `http://h${n % hosts}.test/${n}`)

export const postsTo = (count: number): { url: string; json: unknown }[] =>
  urlsTo(count).map((url, n) => ({ url, json: { n } }))

/** Answers with the requested path. */
export function echo(handler?: MockHandler): MockTransport {
  return mockTransport(request => handler?.(request) ?? { json: { path: new URL(request.url).pathname } })
}

/** `network:ok`, `run-file:http/404` … */
export const endsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map(({ source, error }) => `${source}:${error?.code ?? 'ok'}`)

export const sentIndexes = ({ requests }: MockTransport): number[] =>
  requests.map(({ index }) => index).toSorted((a, b) => a - b)

function linesIn(path: string): (DoneLine | IntentLine | PollLine)[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => JSON.parse(line) as DoneLine | IntentLine | PollLine)
}

export const doneIn = (path: string): DoneLine[] => linesIn(path).filter((line): line is DoneLine => 'ok' in line)

/** The first line. */
export const saltIn = (path: string): object =>
  JSON.parse(readFileSync(path, 'utf8').split('\n', 1)[0] as string) as object

/** The indexes of the finished lines, sorted. */
export const indexesIn = (path: string): number[] =>
  doneIn(path)
    .map(({ index }) => index)
    .toSorted((a, b) => a - b)

export const intentsIn = (path: string): IntentLine['intent'][] =>
  linesIn(path).flatMap(line => ('intent' in line ? [(line as IntentLine).intent] : []))

export const pollsIn = (path: string): PollLine['poll'][] =>
  linesIn(path).flatMap(line => ('poll' in line ? [(line as PollLine).poll] : []))

/** The file after a crash before the finished lines of these requests. */
export function withoutDone(text: string, ...indexes: readonly number[]): string {
  const kept = text.split('\n').filter(line => {
    if (line === '') return true
    const value = JSON.parse(line) as DoneLine | IntentLine
    return !('ok' in value) || !indexes.includes(value.index)
  })
  return kept.join('\n')
}
