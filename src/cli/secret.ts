/** Secrets, read from the environment (`env:NAME`) or a file (`@FILE`), so that no command line needs to hold one. */
import { readFileSync } from 'node:fs'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

/** @param as how the flag was given: `--bearer` */
export function secretOf(text: string, as: string, env: NodeJS.ProcessEnv, problems: Problem[]): string | undefined {
  if (text.startsWith('@')) return secretFile(text.slice(1), as, problems)
  if (!text.startsWith('env:')) return text
  const name = text.slice('env:'.length)
  const value = env[name]
  if (value !== undefined && value !== '') return value
  problems.push(`${as}: expected the secret in the variable ${name}, got none. Export ${name}, or use @FILE.`)
  return undefined
}

function secretFile(path: string, as: string, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    problems.push(`cannot read ${as} @${path}: ${systemReason(error)}.`)
    return undefined
  }
}
