/** The certificates of a connection to Redis, as callers write them. */
import { createSecureContext } from 'node:tls'
import { isPlain } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { readTls } from '../config/tls-input.ts'
import { reasonOf } from '../core/callback.ts'
import type { Problem } from '../core/problem.ts'

/** All in PEM: the text of the files and not their paths. */
export interface RedisTls {
  /** The authorities that are trusted, instead of those of the system. Default: those of the system. */
  readonly ca?: string | readonly string[] | undefined
  /** The certificate of the client, if the server asks for one. Default none. */
  readonly cert?: string | undefined
  /** The key of that certificate. Default none. */
  readonly key?: string | undefined
  /** Decrypts the key. Never printed. Default none. */
  readonly passphrase?: string | undefined
}

/** As tls.connect takes it. */
export interface RedisSecurity {
  readonly ca?: string | string[]
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
}

export const readRedisTls: Read<RedisSecurity | undefined> = (given, name, problems) => {
  if (isPlain(given) && 'pfx' in given) {
    problems.push(
      `${name}.pfx: expected the certificate as cert and key in PEM, got a bundle. Convert it with openssl.`,
    )
    return undefined
  }
  const before = problems.length
  const tls = readTls(given, name, problems)
  if (tls === undefined || problems.length > before) return undefined
  const { ca, cert, key, passphrase } = tls
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(`${name}: expected a cert and its key, got one of them. Give both.`)
    return undefined
  }
  const security = {
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
  }
  try {
    createSecureContext(security)
    return security
  } catch (error) {
    problems.push(
      `${name}: expected certificates and a key that fit together, got others (${reasonOf(error)}). Check the files.`,
    )
    return undefined
  }
}

/** Certificates are used with rediss:// only. */
export function tlsProblem(tls: RedisSecurity | undefined, name: string, url: string): Problem | undefined {
  if (tls === undefined || /^rediss:/i.test(url)) return undefined
  return `${name}: expected a URL rediss://… beside it, got redis://…. Write rediss://, or leave it out.`
}
