/**
 * Runs requests in a process of its own: the worker sees what it dies of, and lives on. One trial at a time in a worker,
 * so that a death is that of the trial.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ALIVE_MS } from './quarantine-messages.ts'
import type { LiveCounts } from './live-counts.ts'
import type { Parked } from './park.ts'
import type { FromQuarantine, OpenMessage, ToQuarantine, TryMessage } from './quarantine-messages.ts'

/** A process that says nothing for this many times `ALIVE_MS` hangs, and is killed. */
const MOST_SILENT = 12
/** A process that is not needed any more stays for so long. */
const IDLE_MS = 2_000

/** A bundle in CommonJS has no `import.meta.url`; there `__filename` is the bundle. */
const OWN_FILE = typeof import.meta.url === 'string' ? fileURLToPath(import.meta.url) : __filename

/**
 * The file of the process: beside this one in the source, at the root of the build. Undefined if it is not there, as in a
 * bundle without it, or if this process may not start others: then all chunks run in the worker.
 */
export function quarantineFile(
  name: 'quarantine-process' | 'preq-quarantine-process',
  from = OWN_FILE,
): string | undefined {
  const { permission } = process as { readonly permission?: { has(scope: string): boolean } }
  if (permission !== undefined && !permission.has('child')) return undefined
  const folder = dirname(from)
  return [folder, dirname(folder)].map(parent => join(parent, `${name}${extname(from)}`)).find(existsSync)
}

/** Trials of all batches of a worker, one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

interface Tried {
  /** What the process died of. Undefined if it did not. */
  readonly by: string | undefined
  /** Positions of failures that a retry may not send again. */
  readonly restored: readonly number[]
  readonly parked: Parked | undefined
}

const NOTHING: Tried = { by: undefined, restored: [], parked: undefined }

/** The quarantine of one batch. */
export class Quarantine {
  readonly #file: string
  readonly #opening: OpenMessage
  #cell: Cell | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(file: string, opening: OpenMessage) {
    this.#file = file
    this.#opening = opening
  }

  /**
   * Rejects if the requests could not be run.
   * @param isStopped whether nothing is to be sent any more, asked when the process has started
   */
  async try(message: TryMessage, counts: LiveCounts, isStopped: () => boolean): Promise<Tried> {
    clearTimeout(this.#idle)
    const cell = (this.#cell ??= await this.#start())
    const answer = isStopped() ? undefined : await cell.ask(message)
    if (answer?.kind === 'died') {
      this.#cell = undefined
      return { ...NOTHING, by: answer.by }
    }
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref()
    if (answer?.kind === 'failed') throw Object.assign(new Error(answer.message), answer.system)
    if (answer?.kind !== 'over') return NOTHING
    counts.take(answer.counts)
    return { by: undefined, restored: answer.restored, parked: answer.parked }
  }

  tell(kind: 'stop' | 'abort'): void {
    this.#cell?.tell({ kind })
  }

  close(): void {
    clearTimeout(this.#idle)
    this.#cell?.close()
    this.#cell = undefined
  }

  async #start(): Promise<Cell> {
    const cell = new Cell(this.#file)
    const answer = await cell.ask(this.#opening)
    if (answer.kind === 'open') return cell
    cell.close()
    throw new Error(
      answer.kind === 'failed'
        ? answer.message
        : `the process for requests that may end their process did not start (${answer.kind === 'died' ? answer.by : answer.kind})`,
    )
  }
}

type Answer = Exclude<FromQuarantine, { readonly kind: 'alive' }> | { readonly kind: 'died'; readonly by: string }

/** One process. It answers one message at a time. */
class Cell {
  readonly #child: ChildProcess
  #answer: ((answer: Answer) => void) | undefined
  #died: Answer | undefined
  #silent = 0
  readonly #watch: NodeJS.Timeout

  constructor(file: string) {
    // What it writes to standard error is shown: it may be why it dies.
    this.#child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child.on('message', (message: FromQuarantine) => {
      this.#silent = 0
      if (message.kind !== 'alive') this.#settle(message)
    })
    this.#child.on('error', error => this.#settle({ kind: 'failed', message: error.message, system: undefined }))
    this.#child.on('exit', (code, signal) => {
      clearInterval(this.#watch)
      this.#died = { kind: 'died', by: signal ?? `exit code ${code}` }
      this.#settle(this.#died)
    })
    // Counts turns of the timer and not the time, because a laptop that slept was silent as well.
    this.#watch = setInterval(() => {
      if (++this.#silent >= MOST_SILENT) this.#child.kill('SIGKILL')
    }, ALIVE_MS)
    this.#watch.unref()
  }

  ask(message: OpenMessage | TryMessage): Promise<Answer> {
    if (this.#died !== undefined) return Promise.resolve(this.#died)
    return new Promise(resolve => {
      this.#answer = resolve
      this.tell(message)
    })
  }

  tell(message: ToQuarantine): void {
    // An error means that it has died, which its exit says.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  /** It ends as soon as the channel is closed. */
  close(): void {
    clearInterval(this.#watch)
    if (this.#child.connected) this.#child.disconnect()
  }

  #settle(answer: Answer): void {
    this.#answer?.(answer)
    this.#answer = undefined
  }
}
