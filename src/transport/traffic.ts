/** What a response has cost so far, to tell an honest framing from one that only keeps us busy. */
import { interimProblem, overspentProblem } from './head.ts'
import type { Fault } from '../core/result.ts'

export class Traffic {
  /** Bytes of the body. */
  bytes = 0
  #pieces = 0
  #wireBytes = 0
  #interims = 0

  /** A piece of the body has been parsed. */
  addPiece(bytes: number): void {
    this.bytes += bytes
    this.#pieces++
  }

  /** The connection has read so much, `returned` of which it had read before. */
  addWire(bytes: number, returned: number): void {
    this.#wireBytes += Math.max(0, bytes - returned)
  }

  addInterim(status: number): Fault | undefined {
    return interimProblem(status, ++this.#interims)
  }

  /** @param head of the response, or how many bytes a head may have where it is not known yet */
  overspent(head: Parameters<typeof overspentProblem>[3], returned = 0): Fault | undefined {
    return overspentProblem(this.#wireBytes - returned, this.bytes, this.#pieces, head)
  }
}
