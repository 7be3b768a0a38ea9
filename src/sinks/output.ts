/** The output for text: a file that we open, or a stream that the caller passes. */
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { got, isRecord, problem } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import { openFileOutput } from './file-output.ts'
import type { FileOptions } from './file-output.ts'
import { StreamOutput } from './stream-output.ts'

/** A path or a stream. A stream is not ended. */
export type Target = string | URL | Writable

export interface SinkOutput {
  /** Its name in messages. */
  readonly name: string
  /** First line of the existing content that is kept, up to the longest line we read; empty for a new file. */
  readonly firstLine: string
  /** Whether the existing content ends without a line break. */
  readonly torn: boolean
  /** Resolves when all bytes are written. One call at a time; nothing is written after a rejection. */
  write(bytes: Buffer): Promise<void>
  close(): Promise<void>
}

/**
 * @param sink its name in messages
 */
export function openSinkOutput(
  sink: string,
  target: unknown,
  options: FileOptions,
  onFail: (error: Error) => void,
): SinkOutput {
  if (isWritableStream(target)) {
    if (options.overwrite || options.append) {
      const remedy = 'Leave overwrite and append out: they apply to files only.'
      throw new ConfigError([problem(sink, 'a path beside overwrite and append', 'a stream', remedy)])
    }
    return new StreamOutput(sink, target, onFail)
  }
  return openFileOutput(sink, targetPath(sink, target), options)
}

/** The path as a string, or a ConfigError. */
export function targetPath(sink: string, target: unknown): string {
  const path = target instanceof URL && target.protocol === 'file:' ? fileURLToPath(target) : target
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  throw new ConfigError([problem(sink, 'a path', got(path), "Write it as 'results/all.jsonl'.")])
}

/** Checks methods too, because the stream may come from another copy of the class. */
function isWritableStream(value: unknown): value is Writable {
  if (value instanceof Writable) return true
  return isRecord(value) && typeof value['write'] === 'function' && typeof value['once'] === 'function'
}
