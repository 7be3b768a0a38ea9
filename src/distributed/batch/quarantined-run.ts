/**
 * Runs a chunk whose process has died: its requests are tried in a process of their own until all have a result. One
 * that ends the process whenever it is alone fails as `resource/poison`.
 */
import { ChunkRun } from './chunk-run.ts'
import type { ChunkRunParts } from './chunk-run.ts'
import { makeFolder } from './disk.ts'
import type { Parked } from './park.ts'
import { pastOf } from './earlier.ts'
import { partFolder } from './parts.ts'
import type { Quarantine, Turns } from './quarantine.ts'
import type { Counts } from './seal.ts'
import { TrialLog } from './trial-log.ts'
import { nextTrial } from './trials.ts'
import type { Blame } from './trials.ts'
import { fault } from '../../core/result.ts'
import type { Fault } from '../../core/result.ts'

export interface QuarantinedParts extends ChunkRunParts {
  readonly quarantine: Quarantine
  readonly turns: Turns
}

export class QuarantinedRun {
  readonly #given: QuarantinedParts
  readonly #log: TrialLog
  /** Failures that a retry may not send again. */
  readonly #restored = new Set<number>()
  #isStopped = false
  #parked: Parked | undefined
  /** It has the turn. */
  #isTrying = false

  constructor(given: QuarantinedParts) {
    this.#given = given
    this.#log = new TrialLog(given.results, given.chunk.number)
  }

  /** Starts no more requests. */
  stop(): void {
    this.#isStopped = true
    if (this.#isTrying) this.#given.quarantine.tell('stop')
  }

  abort(): void {
    this.#isStopped = true
    if (this.#isTrying) this.#given.quarantine.tell('abort')
  }

  /** Undefined if it was stopped before its end. */
  async run(): Promise<Counts | Parked | undefined> {
    const { results, chunk, manifest, order, turns } = this.#given
    await makeFolder(partFolder(results, chunk.number))
    const positions = Array.from({ length: chunk.rows }, (_, at) => chunk.from + at)
    for (let before = Infinity; ;) {
      const { done } = await pastOf(results, chunk, manifest.salt, order)
      const left = positions.filter(position => !done.has(position) && !this.#restored.has(position))
      if (left.length === 0) return this.#seal()
      if (this.#isStopped || this.#given.isHeld?.() === false) return undefined
      const next = nextTrial(left, await this.#log.deaths())
      if (next.kind === 'poison') await this.#fail(next.position, next.blame)
      else if (left.length === before) {
        if (this.#parked !== undefined) return this.#parked
        throw new Error('some of its requests have no result')
      } else {
        const hasDied = await turns.take(() => this.#try(next.positions))
        before = hasDied ? Infinity : left.length
      }
    }
  }

  /** Resolves with whether the process has died. */
  async #try(positions: readonly number[]): Promise<boolean> {
    const { chunk, counts, order, quarantine, starts } = this.#given
    if (this.#isStopped) return false
    this.#isTrying = true
    const trial = await this.#log.begin(positions)
    try {
      const message = { kind: 'try', chunk, starts, positions, generation: order?.generation } as const
      const { by, restored, parked } = await quarantine.try(message, counts, () => this.#isStopped)
      for (const position of restored) this.#restored.add(position)
      await this.#log.end(trial, by)
      this.#parked = parked
      return by !== undefined
    } catch (error) {
      await this.#log.end(trial, undefined)
      throw error
    } finally {
      this.#isTrying = false
    }
  }

  /** Writes the line of a request that is not sent any more. */
  async #fail(position: number, blame: Blame): Promise<void> {
    const poison = poisonFault(blame)
    await this.#log.notePoison()
    await new ChunkRun({ ...this.#given, only: new Set([position]), verdict: () => poison }).send()
  }

  async #seal(): Promise<Counts | Parked | undefined> {
    const end = await new ChunkRun(this.#given).run()
    if (end !== undefined && !('untilMs' in end)) await this.#log.remove()
    return end
  }
}

const poisonFault = ({ deaths, by }: Blame): Fault =>
  fault(
    'resource/poison',
    `the process that sent it has ended ${deaths} times while it was the only request${by === undefined ? '' : ` (${by})`}, so it is not sent again`,
    { sent: true },
  )
