/** The limits that were set for a batch, in the folder of its results: Redis may lose them. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Broker } from './broker.ts'
import { codeOf } from './disk.ts'
import { fileOf, shareNameOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { NONE_SET, readLimits } from '../limits/named-limits.ts'
import type { SetLimits } from '../limits/named-limits.ts'
import { limitsKey } from '../limits/redis-leases.ts'
import { ratesPrefix } from '../limits/redis-limits.ts'
import { RESTORE_LIMITS } from '../limits/script.ts'
import { ConfigError } from '../../core/error.ts'

/** Puts limits back that Redis has lost. */
export async function restoreLimits(broker: Broker, manifest: Manifest, folder: string): Promise<void> {
  const { revision, limits } = await readKept(folder)
  if (revision === 0) return
  const key = limitsKey(ratesPrefix(shareNameOf(manifest)))
  await broker.redis.eval(RESTORE_LIMITS, 1, key, revision, JSON.stringify(limits))
}

/** The limits that the folder of the results keeps. */
export async function readKept(folder: string): Promise<SetLimits> {
  let text: string
  try {
    text = await readFile(fileOf(folder, 'limits'), 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return NONE_SET
    throw error
  }
  const limits = readLimits(text)
  const { revision } = (limits ?? {}) as { revision?: unknown }
  if (limits === undefined || typeof revision !== 'number') {
    throw new ConfigError([
      `results: ${fileOf(folder, 'limits')} is damaged. Delete it, and set the limits again with preq limits.`,
    ])
  }
  const { all, perHost, hosts } = limits
  return { revision, limits: { ...(all && { all }), ...(perHost && { perHost }), ...(hosts && { hosts }) } }
}

/** Resolves with false if the folder is not there. */
export async function keepLimits(folder: string, { revision, limits }: SetLimits): Promise<boolean> {
  if (!existsSync(fileOf(folder, 'manifest'))) return false
  if ((await readKept(folder)).revision >= revision) return true
  const path = fileOf(folder, 'limits')
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await writeFile(temporary, JSON.stringify({ revision, ...limits }), { mode: 0o600, flush: true })
  await rename(temporary, path)
  return true
}
