/** What text is written to: a file that we open or a stream that we are given. */
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { got, isRecord, problem } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import { openFile } from './file-output.ts'
import type { FileOptions } from './file-output.ts'
import { StreamOutput } from './stream-output.ts'

/** A path, or a stream; a stream is not ended. */
export type Target = string | URL | Writable

export interface Output {
  /** How messages call it. */
  readonly name: string
  /** What was there and stays, up to a line's length; empty when it begins anew. */
  readonly firstLine: string
  /** Whether what was there ends without a line break. */
  readonly torn: boolean
  /** Resolves when all bytes are out. One at a time; after a rejection nothing more is written. */
  write(bytes: Buffer): Promise<void>
  close(): Promise<void>
}

/** @param sink its name, for messages */
export function openOutput(
  sink: string,
  target: unknown,
  options: FileOptions,
  onFail: (error: Error) => void,
): Output {
  if (isStream(target)) {
    if (options.overwrite || options.append) {
      const remedy = 'Leave overwrite and append out; what a stream already holds is its own business.'
      throw new ConfigError([problem(sink, 'a path beside overwrite and append', 'a stream', remedy)])
    }
    return new StreamOutput(sink, target, onFail)
  }
  return openFile(sink, pathOf(sink, target), options)
}

/** The path that was meant, or a ConfigError. */
export function pathOf(sink: string, target: unknown): string {
  const path = target instanceof URL && target.protocol === 'file:' ? fileURLToPath(target) : target
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  throw new ConfigError([problem(sink, 'a path', got(path), "Write it as 'results/all.jsonl'.")])
}

/** By its methods: a stream of another copy of the class is as good. */
function isStream(value: unknown): value is Writable {
  if (value instanceof Writable) return true
  return isRecord(value) && typeof value['write'] === 'function' && typeof value['once'] === 'function'
}
