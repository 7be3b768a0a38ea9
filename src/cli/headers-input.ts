/** `-H 'name: value'` and `-H @file` → pairs. Values may be secrets: messages name the line, never its text. */
import { readFileSync } from 'node:fs'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

/** @param flag its name in messages */
export function flagHeaders(given: readonly string[], problems: Problem[], flag = '-H'): [string, string][] {
  return given.flatMap(text => {
    if (!text.startsWith('@')) return pairOf(text, flag, problems)
    const path = text.slice(1)
    let lines: string[]
    try {
      lines = readFileSync(path, 'utf8').split(/\r?\n/)
    } catch (error) {
      problems.push(`cannot read ${flag} @${path}: ${systemReason(error)}.`)
      return []
    }
    return lines.flatMap((line, index) =>
      line.trim() === '' || line.startsWith('#') ? [] : pairOf(line, `${path}:${index + 1}`, problems),
    )
  })
}

function pairOf(text: string, as: string, problems: Problem[]): [string, string][] {
  const at = text.indexOf(':')
  if (at > 0) return [[text.slice(0, at).trim(), text.slice(at + 1).trim()]]
  problems.push(`${as}: expected 'name: value', got something else. Write it with a colon.`)
  return []
}
