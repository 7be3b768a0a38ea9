/** Reads an input from given chunks to rows or lines, and reports how it ended. */
import { Readable } from 'node:stream'
import { elementsOf } from '../../../src/cli/input/elements.ts'
import { linesOf } from '../../../src/cli/input/lines.ts'
import { tableOf } from '../../../src/cli/input/rows.ts'
import type { TableOptions } from '../../../src/cli/input/rows.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'

export const CSV: TableOptions = {
  delimiter: ',',
  isFixed: false,
  hasQuotes: true,
  encoding: undefined,
  maxLine: 2 ** 24,
}
export const TSV: TableOptions = { ...CSV, delimiter: '\t', isFixed: true, hasQuotes: false }

type Piece = string | Uint8Array

/** Splits a text into chunks of one character. */
export const bitByBit = (text: string): string[] => text.split('')

const streamOf = (pieces: readonly Piece[]): Readable => Readable.from(pieces.map(piece => Buffer.from(piece)))

export interface TableRead {
  readonly columns: readonly string[]
  /** `[line, cells]`, or `[line, problem]`. */
  readonly rows: readonly (readonly [number, unknown])[]
  /** The error that ended the reading early. */
  readonly refused: string | undefined
}

export async function readTable(
  pieces: Piece | readonly Piece[],
  options: Partial<TableOptions> = {},
): Promise<TableRead> {
  const columns: string[] = []
  const rows: (readonly [number, unknown])[] = []
  const refused = await refusalOf(async () => {
    const table = await tableOf(streamOf([pieces].flat()), 'x', { ...CSV, ...options })
    columns.push(...table.columns)
    for await (const some of table.rows) {
      for (const one of some) rows.push([one.line, 'problem' in one ? one.problem : Object.values(one.row)])
    }
  })
  return { columns, rows, refused }
}

export interface LinesRead {
  readonly lines: readonly (readonly [number, string])[]
  readonly refused: string | undefined
}

interface ReadOptions {
  readonly encoding?: string
  readonly maxLine?: number
}

export const readLines = (pieces: Piece | readonly Piece[], options: ReadOptions = {}): Promise<LinesRead> =>
  readTexts(linesOf, pieces, options)

export const readElements = (pieces: Piece | readonly Piece[], options: ReadOptions = {}): Promise<LinesRead> =>
  readTexts(elementsOf, pieces, options)

async function readTexts(
  split: typeof linesOf,
  pieces: Piece | readonly Piece[],
  options: ReadOptions,
): Promise<LinesRead> {
  const lines: (readonly [number, string])[] = []
  const refused = await refusalOf(async () => {
    const format = { encoding: undefined, maxLine: 2 ** 24, ...options }
    for await (const some of split(streamOf([pieces].flat()), 'x', format)) {
      for (const one of some) lines.push([one.line, 'problem' in one ? one.problem : one.text])
    }
  })
  return { lines, refused }
}

async function refusalOf(read: () => Promise<void>): Promise<string | undefined> {
  try {
    await read()
    return undefined
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return error.message
  }
}
