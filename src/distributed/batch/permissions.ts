/** Whether the user of Redis may run what batches need. Each command is tried on keys of its own, which are deleted. */
import { randomUUID } from 'node:crypto'
import { PREFIX } from './broker.ts'
import type { Broker } from './broker.ts'

/** What a user needs, for `ACL SETUSER`. */
export const ACL_RULES =
  `~${PREFIX}:* resetchannels -@all +@read +@write +@connection +@scripting +@blocking +@transaction +time +info ` +
  '-@admin -keys -flushall -flushdb -swapdb -migrate -restore -sort -dump'

/** The first word of each is the command. `S`, `H`, `L`, `Z` and `X` stand for keys of a string, a hash, a list … */
const TRIED = `
  set S 1|get S|incr S|exists S|expire S 60|pexpire S 60000|setbit S 0 1|getbit S 0|bitcount S|setrange S 0 a|getrange S 0 0|type S
  hset H a 1|hget H a|hmget H a|hgetall H|hincrby H a 1|hexists H a|hdel H a
  lpush L a|rpush L a|lrange L 0 -1|llen L|lrem L 0 b|lpos L a|ltrim L 0 10|rpoplpush L L|lmove L L LEFT RIGHT
  sadd T a|srem T b|smembers T|scard T|sismember T a
  zadd Z 1 a|zscore Z a|zrange Z 0 -1|zrangebyscore Z 0 1|zcard Z|zcount Z 0 1|zrem Z b|bzpopmin Z 0.01
  xadd X * a 1|xtrim X MAXLEN 10|xlen X
  eval return(1) 0|script load return(1)|multi|exec|client setname preq-doctor|ping|info server|time
  scan 0|del S`
  .split(/[|\n]/)
  .map(text => text.trim().split(' '))

const KEYS: ReadonlySet<string> = new Set(['S', 'H', 'L', 'T', 'Z', 'X'])

export interface Permissions {
  /** Commands that are refused. */
  readonly commands: readonly string[]
  /** Keys of batches are refused. */
  readonly areKeysRefused: boolean
}

export async function permissionsOf({ redis }: Pick<Broker, 'redis'>): Promise<Permissions> {
  const base = `${PREFIX}:doctor:${randomUUID()}`
  const keyed = (word: string): string => (KEYS.has(word) ? `${base}:${word}` : word)
  const commands: string[] = []
  let areKeysRefused = false
  for (const [command = '', ...args] of TRIED) {
    try {
      await redis.call(command, ...args.map(keyed))
    } catch (error) {
      const { message } = error as Error
      if (!message.includes('NOPERM')) continue
      if (/\bkeys?\b/.test(message)) areKeysRefused = true
      else commands.push(command)
    }
  }
  await redis.del(...[...KEYS].map(keyed)).catch(() => undefined)
  return { commands, areKeysRefused }
}
