/** A chunk: consecutive requests of a batch, which are one job of the queue. Its names and where its files are. */

/** The number of digits of a chunk's number in names, so that names sort in the order of the input. */
const DIGITS = 8
const FOLDER_DIGITS = 5

export const CHUNKS_PER_FOLDER = 10 ** (DIGITS - FOLDER_DIGITS)

export interface Chunk {
  /** From 0, in the order of the input. */
  readonly number: number
  /** The position of its first request in the input, from 0. */
  readonly from: number
  /** How many requests it has. */
  readonly rows: number
  /** Where its rows are in the file of the rows, in bytes. */
  readonly offset: number
  readonly length: number
  /** The number of its first line in that file, from 1. */
  readonly line: number
  /** The digest of its rows: a job or a file that was changed is noticed. */
  readonly digest: string
}

/** `c00000042`. Never digits only, which BullMQ refuses as the id of a job. */
export const chunkName = (number: number): string => `c${String(number).padStart(DIGITS, '0')}`

/** The folder of its results in that of the batch: a thousand chunks share one, because listing a folder is linear. */
export const chunkFolder = (number: number): string => chunkName(number).slice(1, 1 + FOLDER_DIGITS)

/** The beginning of the names of its files. A retry makes further ones. */
export const chunkStem = (number: number, generation: number): string =>
  generation === 0 ? chunkName(number) : `${chunkName(number)}.g${generation}`
