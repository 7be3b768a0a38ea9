/**
 * Reads what a proxy sends before the connection is ours, and not a byte more: the rest is given back, because it may
 * come from the target.
 */
import type { Socket } from 'node:net'

export class Incoming {
  readonly #socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #ended: Error | undefined
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('readable', this.#read).on('end', this.#end).on('error', this.#fail).on('close', this.#end)
    if (socket.destroyed) this.#end()
    else this.#read()
  }

  /** Waits for this many bytes and consumes them. */
  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) await this.#more()
    return this.#cut(count)
  }

  /** Consumes everything up to and including this text. Undefined if it does not come within `maxBytes`. */
  async through(text: string, maxBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(text, 0, 'latin1')
      const end = at + text.length
      if (at !== -1 && end <= maxBytes) return this.#cut(end)
      if (this.#bytes.length >= maxBytes) return undefined
      await this.#more()
    }
  }

  /** Number of bytes read and not consumed yet. */
  get waiting(): number {
    return this.#bytes.length
  }

  /** Returns the connection, with the bytes that were not consumed. */
  release(): void {
    this.#socket.off('readable', this.#read).off('end', this.#end).off('error', this.#fail).off('close', this.#end)
    if (this.#bytes.length > 0 && !this.#socket.destroyed) this.#socket.unshift(this.#bytes)
    this.#bytes = Buffer.alloc(0)
  }

  #cut(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  async #more(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended
    await new Promise<void>(resolve => (this.#wake = resolve))
  }

  readonly #read = (): void => {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null
      if (chunk === null) break
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    }
    this.#wake?.()
  }

  readonly #end = (): void => this.#fail(new Error('the connection ended'))

  readonly #fail = (error: Error): void => {
    this.#ended ??= error
    this.#wake?.()
  }
}
