/** `--token-command`: what a command of the user prints is the token. */
import { exec } from 'node:child_process'
import type { ExecException } from 'node:child_process'

const LONGEST_MS = 30_000
/** A token is short. */
const MAX_BYTES = 1_048_576

/** Rejects with the words of the command on standard error; they are escaped and redacted where they are shown. */
export function tokenFrom(command: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { maxBuffer: MAX_BYTES, signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]) }
    const child = exec(command, limits, (failure, stdout, stderr) => {
      const token = stdout.trim()
      if (failure !== null) reject(new Error(withWords(reasonFor(failure), stderr)))
      else if (token === '') reject(new Error(withWords('it printed no token', stderr)))
      else resolve(token)
    })
    // Standard input may be the rows.
    child.stdin?.on('error', () => undefined).end()
  })
}

function reasonFor({ name, code, signal }: ExecException): string {
  if (name === 'AbortError') return 'it took longer than 30 s'
  return typeof code === 'number' ? `it ended with exit code ${code}` : `it was ended (${String(code ?? signal)})`
}

const withWords = (reason: string, stderr: string): string => {
  const words = stderr.trim()
  return words === '' ? `--token-command: ${reason}` : `--token-command: ${reason}: ${words}`
}
