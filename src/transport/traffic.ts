/** The bytes that a response has cost so far, to detect framing whose only purpose is to waste our time. */
import { interimProblem, overspentProblem } from './head.ts'
import type { Fault } from '../core/result.ts'

export class Traffic {
  /** Bytes of the body. */
  bytes = 0
  #pieces = 0
  #wireBytes = 0
  #interims = 0

  /** A chunk of the body was parsed. */
  addPiece(bytes: number): void {
    this.bytes += bytes
    this.#pieces++
  }

  /** The connection has read this many bytes. */
  addWire(bytes: number): void {
    this.#wireBytes += bytes
  }

  addInterim(status: number): Fault | undefined {
    return interimProblem(status, ++this.#interims)
  }

  /**
   * @param head of the response, or the limit for a head that has not arrived yet
   */
  overspent(head: Parameters<typeof overspentProblem>[3]): Fault | undefined {
    return overspentProblem(this.#wireBytes, this.bytes, this.#pieces, head)
  }
}
