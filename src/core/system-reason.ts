/** Why the system refused something, for a message: `no space left on device (ENOSPC)`. */
import { reasonOf } from './callback.ts'

/** Node writes `ENOENT: no such file or directory, open 'x'`, and for sockets and pipes only `write EPIPE`. */
const WITH_TEXT = /^([A-Z][A-Z0-9_]+): (.*?)(?:, [a-z]+(?: '.*')?)?$/s
const BARE = /^[a-z]+ ([A-Z][A-Z0-9_]+)$/

const PLAIN_REASONS: Readonly<Record<string, string>> = { EPIPE: 'the reader closed the pipe' }

export function systemReason(error: unknown): string {
  const said = reasonOf(error)
  const [, code = BARE.exec(said)?.[1], text = PLAIN_REASONS[code ?? '']] = WITH_TEXT.exec(said) ?? []
  return code === undefined || text === undefined ? said : `${text} (${code})`
}
