/** `--token-command`: what a command of the user prints is the token. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { setTimeout } from 'node:timers'

const LONGEST_MS = 30_000
/** How long a command that was told to end may take before it is killed. */
const GRACE_MS = 1_000
/** A token is short. */
const MAX_BYTES = 1_048_576

/** A shell ends at once and leaves its commands running, so all of them are in a process group of their own. */
const HAS_GROUPS = process.platform !== 'win32'

/** What ends each command that is running. */
const running = new Set<() => void>()

/** Nobody needs a token any more. A group of its own does not get the Ctrl-C of the terminal. */
export function endTokenCommands(): void {
  for (const end of running) end()
}

/** Rejects with the words of the command on standard error; they are escaped and redacted where they are shown. */
export function tokenFrom(command: string, signal: AbortSignal, longestMs = LONGEST_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const texts = { stdout: '', stderr: '' }
    // Standard input may be the rows.
    const child = spawn(command, { shell: true, detached: HAS_GROUPS, stdio: ['ignore', 'pipe', 'pipe'] })
    const over = (reason?: string): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', late)
      running.delete(drop)
      if (reason === undefined) resolve(texts.stdout.trim())
      else reject(new Error(withWords(reason, texts.stderr)))
    }
    const end = (reason: string): void => {
      over(reason)
      endGroup(child)
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const late = (): void => end('it took longer than 30 s')
    const drop = (): void => end('the run has ended')
    const timer = setTimeout(late, longestMs)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text
        if (texts[name].length > MAX_BYTES) end('it printed more than 1 MiB')
      })
    }
    signal.addEventListener('abort', late, { once: true })
    running.add(drop)
    child.once('error', error => over(`it could not be started: ${error.message}`))
    child.once('close', (code, ended) => over(wrongIn(code, ended, texts.stdout)))
  })
}

function wrongIn(code: number | null, ended: NodeJS.Signals | null, stdout: string): string | undefined {
  if (code === null) return `it was ended (${ended})`
  if (code !== 0) return `it ended with exit code ${code}`
  return stdout.trim() === '' ? 'it printed no token' : undefined
}

function endGroup(child: ChildProcess): void {
  if (!signalled(child, 'SIGTERM')) return
  const timer = setTimeout(() => signalled(child, 'SIGKILL'), GRACE_MS)
  // The shell may have left commands that are still running.
  child.once('exit', () => {
    if (!signalled(child, 0)) clearTimeout(timer)
  })
}

/**
 * Windows has no groups: only the shell is ended there.
 *
 * @param how 0 sends nothing
 * @returns false if there is no process any more
 */
function signalled({ pid }: ChildProcess, how: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(HAS_GROUPS ? -pid : pid, how)
  } catch {
    return false
  }
}

const withWords = (reason: string, stderr: string): string => {
  const words = stderr.trim()
  return words === '' ? `--token-command: ${reason}` : `--token-command: ${reason}: ${words}`
}
