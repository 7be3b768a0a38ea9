/** Looks at a Redis server: can it keep a batch? */
import { PREFIX } from './broker.ts'
import type { Broker } from './broker.ts'
import { ACL_RULES, permissionsOf } from './permissions.ts'

/** One finding of the check of a Redis server. */
export interface BrokerFinding {
  /** What was checked, such as `'version'`. */
  readonly what: string
  /** What was found. */
  readonly found: string
  /** How to fix it; undefined if there is no problem. */
  readonly remedy?: string | undefined
  /** Jobs would be lost. */
  readonly isFatal?: boolean
}

const OLDEST = [6, 2] as const
const PINGS = 5
const SLOW_MS = 100
const CLOCK_MS = 1_000

/** Needs the commands INFO and TIME; without them, only says so. */
export async function examine(broker: Broker): Promise<BrokerFinding[]> {
  // First: a replica refuses the writes of the others, and its connection is made again then.
  const asked = await unlessRefused(async () => [infoIn(await broker.redis.info()), await timesOf(broker)] as const)
  const isReplica = asked?.[0].get('role') === 'slave'
  const permissions = isReplica ? [] : [await permissionFinding(broker)]
  if (asked === undefined) return permissions
  const [info, [rttMs, offsetMs]] = asked
  return [
    versionOf(info),
    evictionOf(info),
    ...permissions,
    {
      what: 'role',
      found: info.get('role') ?? 'unknown',
      ...(isReplica && { remedy: 'Use the URL of the primary: a replica takes no jobs.', isFatal: true }),
    },
    {
      what: 'append-only file',
      found: info.get('aof_enabled') === '1' ? 'on' : 'off',
      ...(info.get('aof_enabled') !== '1' && {
        remedy: 'Set appendonly yes: after a crash of Redis, chunks have to be added again (preq reconcile).',
      }),
    },
    {
      what: 'round trip',
      found: `${rttMs.toFixed(1)} ms`,
      ...(rttMs > SLOW_MS && { remedy: 'Put workers nearer to Redis.' }),
    },
    {
      what: 'clock',
      found: `${Math.round(Math.abs(offsetMs))} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} that of Redis`,
      ...(Math.abs(offsetMs) > CLOCK_MS && {
        remedy: 'Set the clocks: times in results differ between machines. Nothing else depends on them.',
      }),
    },
  ]
}

/** Undefined if the user may not ask. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if ((error as Error).message.startsWith('NOPERM')) return undefined
    throw error
  }
}

async function permissionFinding(broker: Broker): Promise<BrokerFinding> {
  const { commands, areKeysRefused } = await permissionsOf(broker)
  const what = 'permissions'
  if (commands.length === 0 && !areKeysRefused) return { what, found: 'all that batches need' }
  const refused = [
    ...(commands.length === 0 ? [] : [commands.join(', ')]),
    ...(areKeysRefused ? [`the keys ${PREFIX}:*`] : []),
  ]
  return {
    what,
    found: `refused: ${refused.join(', and ')}`,
    remedy: `Let an administrator run: ACL SETUSER ${broker.redis.options.username ?? 'default'} ${ACL_RULES}`,
    isFatal: true,
  }
}

function infoIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap(line => {
      const at = line.indexOf(':')
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
}

function versionOf(info: ReadonlyMap<string, string>): BrokerFinding {
  const found = info.get('redis_version') ?? 'unknown'
  const [major = 0, minor = 0] = found.split('.').map(Number)
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  return {
    what: 'Redis',
    found,
    ...(isOld && { remedy: `Redis ${OLDEST.join('.')} or newer is needed.`, isFatal: true }),
  }
}

export function evictionOf(info: ReadonlyMap<string, string>): BrokerFinding {
  const found = info.get('maxmemory_policy') ?? 'unknown'
  return {
    what: 'eviction',
    found,
    ...(found !== 'noeviction' && {
      remedy: 'Set maxmemory-policy noeviction: with another policy, Redis drops jobs when its memory is full.',
      isFatal: true,
    }),
  }
}

/** The problem of the eviction policy alone, as a sentence. */
export async function evictionProblem(broker: Broker): Promise<string | undefined> {
  const { found, remedy } = evictionOf(infoIn(await broker.redis.info('memory')))
  return remedy === undefined ? undefined : `the eviction policy of Redis is ${found}. ${remedy}`
}

/** The shortest round trip, and how far the clock of this machine is ahead. */
async function timesOf(broker: Broker): Promise<[number, number]> {
  let bestMs = Infinity
  let offsetMs = 0
  for (let ping = 0; ping < PINGS; ping++) {
    const sent = performance.now()
    const [seconds, microseconds] = await broker.redis.time()
    const tookMs = performance.now() - sent
    if (tookMs >= bestMs) continue
    bestMs = tookMs
    offsetMs = Date.now() - tookMs / 2 - (Number(seconds) * 1_000 + Number(microseconds) / 1_000)
  }
  return [bestMs, offsetMs]
}
