/** Where the body of the victim goes, and what must be there at the end. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome, RequestSpec, SavedFile } from '../../../src/index.ts'
import type { AskOptions } from '../ask.ts'
import type { Into } from './scenario.ts'

export interface Destination {
  /** Options of the client. */
  readonly options: AskOptions
  /** Fields of the victim's spec. */
  readonly spec: Partial<RequestSpec>
  /** The victim's outcome, with the text of its body as the value, wherever the body went. */
  read(outcome: Outcome): Outcome
  /** What exists and should not, or the reverse, one sentence each. */
  wrong(): string[]
  close(): void
}

/** A slow consumer takes this long for each piece. */
const PIECE_MS = 20

export function destination(into: Into): Destination {
  return into === 'file' ? folder() : into === 'slow' ? consumer() : memory
}

const memory: Destination = {
  options: {},
  spec: {},
  read: outcome => outcome,
  wrong: () => [],
  close: () => undefined,
}

/** A file name means a complete body, and a failure leaves nothing. */
function folder(): Destination {
  const saveTo = mkdtempSync(join(tmpdir(), 'hostile-'))
  let expected: string[] = []
  return {
    options: { saveTo },
    spec: { returnType: 'file' },
    read(outcome) {
      if (!outcome.ok) return outcome
      const { path } = outcome.value as SavedFile
      expected = [path]
      return { ...outcome, value: readFileSync(path, 'utf8') }
    },
    wrong() {
      const found = readdirSync(saveTo).map(name => join(saveTo, name))
      const isRight = found.length === expected.length && found.every(path => expected.includes(path))
      return isRight ? [] : [`expected the files ${expected.join()}, found ${found.join()}`]
    },
    close: () => rmSync(saveTo, { recursive: true }),
  }
}

/** Pieces arrive one after the other, and only those of one attempt: the scenario checks their concatenation. */
function consumer(): Destination {
  const pieces: Uint8Array[] = []
  let taking = 0
  let most = 0
  return {
    options: {
      async onChunk(piece) {
        most = Math.max(most, ++taking)
        pieces.push(piece)
        await new Promise(resolve => setTimeout(resolve, PIECE_MS))
        taking--
      },
    },
    spec: { returnType: 'stream' },
    read: outcome => (outcome.ok ? { ...outcome, value: Buffer.concat(pieces).toString() } : outcome),
    wrong: () => (most > 1 ? [`${most} pieces were handed out at once`] : []),
    close: () => undefined,
  }
}
