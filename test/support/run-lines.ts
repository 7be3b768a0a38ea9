/** Lines for run files, and a folder for them that is removed with the test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DoneLine, IntentLine } from '../../src/core/journal.ts'
import { writeLine } from '../../src/store/run-lines.ts'

const AT = '2026-01-02T03:04:05.678Z'

export function idOf(index: number): string {
  return (index + 1).toString(16).padStart(32, '0')
}

export function doneLine(index: number, more: Partial<DoneLine> = {}): DoneLine {
  const url = `http://127.0.0.1/items/${index}`
  const timings = { queue: 0.25, firstByte: 3.5, total: 4 }
  const ends = { ok: true, status: 200, value: { name: `Zoë ${index} 💡`, n: index * 7, list: [1, 'two', null] } }
  return { v: 1, index, id: idOf(index), method: 'GET', url, ...ends, attempts: 1, bytes: 64, timings, at: AT, ...more }
}

export function failedLine(index: number, code = 'http/500'): DoneLine {
  const { value: _, ...line } = doneLine(index, { ok: false, error: { code, message: 'it failed' }, status: 500 })
  return line
}

export function intentLine(index: number, idempotencyKey?: string): IntentLine {
  const intent = { v: 1, index, id: idOf(index), at: AT, method: 'POST', url: 'http://127.0.0.1/orders' } as const
  return { intent: idempotencyKey === undefined ? intent : { ...intent, idempotencyKey } }
}

/** The lines as text, as a run writes them. */
export function textOf(...lines: readonly (DoneLine | IntentLine)[]): string {
  return lines.map(writeLine).join('')
}

/** A new folder, which is removed with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'run-file-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
