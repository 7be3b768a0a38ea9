/** The certificates of a client as callers write them: in PEM, or as one PKCS #12 bundle. */
import { fields, kindOf, listOf, matching, orList, problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { reasonOf } from '../core/callback.ts'
import { createSecureContext } from 'node:tls'
import type { Problem } from '../core/problem.ts'
import { isText } from './texts.ts'

const isPem = (value: unknown): value is string => typeof value === 'string' && value.includes('-----BEGIN ')

const pem = matching(
  'a certificate or key in PEM',
  isPem,
  "Give the text of the file and not its path: readFileSync(path, 'utf8').",
  kindOf,
)

const pems = orList(
  pem,
  listOf('certificates in PEM', isPem, 'Give the text of each file and not its path.', { show: kindOf }),
)

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.byteLength > 0

const pfx = matching(
  'the bytes of a PKCS #12 file',
  isBytes,
  'Give what the file holds and not its path: readFileSync(path).',
  kindOf,
)

/** Never shown in a message. */
const passphrase = matching('a passphrase as a string', isText, 'Write it in quotes.', kindOf)

const readFields = fields({ ca: pems, cert: pem, key: pem, passphrase, pfx }, kindOf)

export const readTls: Read<ReturnType<typeof readFields>> = (value, name, problems) => {
  const before = problems.length
  const tls = readFields(value, name, problems)
  if (tls === undefined || problems.length > before) return undefined
  if (tls.pfx !== undefined && (tls.cert ?? tls.key) !== undefined) {
    problems.push(problem(`${name}.pfx`, 'no cert or key beside it', 'both', 'It holds both: leave one form out.'))
  } else if (tls.passphrase !== undefined && tls.pfx === undefined && tls.key === undefined) {
    problems.push(
      problem(`${name}.passphrase`, 'a key or pfx that it opens', 'neither', 'Give one, or leave the passphrase out.'),
    )
  } else if (tls.passphrase !== undefined || tls.pfx !== undefined) checkOpens(tls, name, problems)
  return tls
}

/** Reports a wrong passphrase before anything is sent. */
function checkOpens(tls: NonNullable<ReturnType<typeof readFields>>, name: string, problems: Problem[]): void {
  const { key, passphrase: phrase, pfx: bundle } = tls
  try {
    createSecureContext({
      ...(key !== undefined && { key }),
      ...(phrase !== undefined && { passphrase: phrase }),
      ...(bundle !== undefined && { pfx: Buffer.from(bundle) }),
    })
  } catch (error) {
    const subject = bundle === undefined ? 'key' : 'pfx'
    const remedy =
      phrase === undefined ? 'Give its passphrase, or another file.' : 'Check the passphrase, or give another file.'
    problems.push(problem(`${name}.${subject}`, 'one that can be opened', reasonOf(error), remedy))
  }
}
