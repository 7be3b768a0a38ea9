/** The cursors and URLs that a root has used: one that comes back means pages without end. */
import { hash } from 'node:crypto'

/** Longer ones are kept as their digest, so that huge cursors do not stay in memory. */
const MAX_KEPT = 64

export class Seen {
  readonly #keys = new Set<string>()

  has(key: string): boolean {
    return this.#keys.has(shortened(key))
  }

  add(key: string): void {
    this.#keys.add(shortened(key))
  }
}

const shortened = (key: string): string => (key.length <= MAX_KEPT ? key : hash('sha256', key, 'base64'))
