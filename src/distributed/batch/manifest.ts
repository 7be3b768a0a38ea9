/** What is known of a batch before its first request: which rows, which options, and the salt of its fingerprints. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, createWhole } from './disk.ts'
import { ConfigError } from '../../core/error.ts'
import type { RatesByHost } from '../../core/shared-limits.ts'
import { systemReason } from '../../core/system-reason.ts'

export interface FileRows {
  readonly kind: 'file'
  readonly path: string
  readonly format: 'lines' | 'jsonl'
  /** Of the file when it was submitted. */
  readonly bytes: number
  readonly modifiedMs: number
}

/** The rows are in the jobs, and in a file beside the results. */
export interface InlineRows {
  readonly kind: 'inline'
}

export interface Manifest {
  readonly v: 1
  /** Of the package that has submitted it. */
  readonly version: string
  readonly id: string
  readonly batch: string
  readonly salt: string
  /** ISO 8601. */
  readonly at: string
  /** The folder of the results, absolute. */
  readonly results: string
  readonly chunkRows: number
  /** Batches and runs with the same name share their rates; without one, that of the batch. */
  readonly shareName?: string | undefined
  /** Those of the submit. */
  readonly rates: RatesByHost
  readonly rows: FileRows | InlineRows
  /** How the requests are sent, as JSON: options of the library, or flags of the command line. Without secrets. */
  readonly plan: { readonly kind: 'options' | 'flags'; readonly given: unknown }
  /** Of everything else, if the batch was submitted with a key. */
  readonly signature?: string | undefined
}

/** Files in the folder of the results. */
export const FILES = {
  manifest: 'batch.json',
  index: 'chunks.idx',
  /** The rows of a batch that is submitted inline. */
  rows: 'rows.ndjson',
  /** The rates that were set since. */
  limits: 'limits.json',
  /** Present once the whole input has been submitted. */
  submitted: 'submitted.json',
} as const

export const fileOf = (results: string, name: keyof typeof FILES): string => join(results, FILES[name])

/** The name under which the rates of the batch are shared. */
export const shareNameOf = ({ shareName, batch }: Manifest): string => shareName ?? batch

/** Undefined if the folder has none. */
export async function readManifest(results: string): Promise<Manifest | undefined> {
  const path = fileOf(results, 'manifest')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new ConfigError([`results: cannot read ${path}: ${systemReason(error)}.`])
  }
  return manifestIn(text, path)
}

export function manifestIn(text: string, where: string): Manifest {
  let manifest: Partial<Manifest> | null
  try {
    manifest = JSON.parse(text) as Manifest | null
  } catch {
    manifest = null
  }
  if (manifest?.v === 1 && typeof manifest.id === 'string' && typeof manifest.results === 'string') {
    return manifest as Manifest
  }
  throw new ConfigError([`${where}: expected the description of a batch, got something else. Give another batch.`])
}

/**
 * Rejects if the folder has been given to another batch: a process that was stopped for a while may still have the chunks
 * of a batch that was deleted.
 */
export async function checkFolder(results: string, { batch, id }: Pick<Manifest, 'batch' | 'id'>): Promise<void> {
  const path = fileOf(results, 'manifest')
  if (manifestIn(await readFile(path, 'utf8'), path).id === id) return
  throw new Error(`${results} is the folder of another batch now, so nothing of ${batch} is written to it`)
}

/** Resolves with false if the folder has one. */
export const writeManifest = (results: string, manifest: Manifest): Promise<boolean> =>
  createWhole(fileOf(results, 'manifest'), file => file.writeFile(JSON.stringify(manifest)))

export interface Submitted {
  readonly chunks: number
  readonly rows: number
}

export async function readSubmitted(results: string): Promise<Submitted | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(results, 'submitted'), 'utf8')) as Submitted
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
