/** Options of the functions for batches that would be without effect. */
import { describe, expect, it } from 'vitest'
import {
  batches,
  cancel,
  collect,
  dead,
  deleteBatch,
  examineBroker,
  pause,
  reconcile,
  redisLimits,
  resume,
  retryBatch,
  status,
  submit,
  watch,
  work,
  workers,
} from '../../src/distributed/index.ts'
import type { DeadOptions } from '../../src/distributed/index.ts'
import { ConfigError } from '../../src/core/error.ts'

const broker = 'redis://127.0.0.1:1'
const given = { broker, batch: 'b', results: '/none' }

describe('a function for batches', () => {
  const calls: Readonly<Record<string, (more: object) => Promise<unknown>>> = {
    submit: more => submit([], { ...given, ...more }),
    work: more => work({ broker, ...more }),
    collect: more => collect({ ...given, output: 'none.jsonl', ...more }),
    status: more => status({ ...given, ...more }),
    watch: more => watch({ ...given, ...more }).next(),
    pause: more => pause({ ...given, ...more }),
    resume: more => resume({ ...given, ...more }),
    cancel: more => cancel({ ...given, ...more }),
    reconcile: more => reconcile({ ...given, ...more }),
    retryBatch: more => retryBatch({ ...given, retryFailed: true, ...more }),
    dead: more => dead({ ...given, ...more }),
    deleteBatch: more => deleteBatch({ ...given, ...more }),
    examineBroker: more => examineBroker({ broker, ...more }),
    batches: more => batches({ broker, ...more }),
    workers: more => workers({ broker, ...more }),
  }

  it.each(Object.keys(calls))('%s refuses an option that does not exist, before it connects', async name => {
    const call = calls[name] as (more: object) => Promise<unknown>
    await expect(call({ brokerTLS: {} })).rejects.toThrow(
      `${name}: expected the name of an option, got "brokerTLS". Did you mean 'brokerTls'?`,
    )
    await expect(call({ brokerTLS: {} })).rejects.toBeInstanceOf(ConfigError)
    await expect(call({ zzzzzz: undefined })).rejects.not.toThrow('zzzzzz')
  })

  it('work refuses batch instead of batches: it would run all batches', async () => {
    await expect(work({ broker, batch: 'b' } as never)).rejects.toThrow("Write batches: ['NAME']")
  })

  it('dead has no key: it signs nothing', () => {
    // @ts-expect-error There is no such option.
    const options: DeadOptions = { broker, batch: 'b', sign: 'env:KEY' }
    expect(options).toBeDefined()
  })

  it('and shared rates name what works with a Sentinel', async () => {
    const url = 'redis+sentinel://:s3cret@127.0.0.1:26379,127.0.0.1:26380/primary'
    const remedy = 'With Sentinel, give an address that follows the primary.'
    const refused = await batches({ broker: url }).catch(String)
    expect(refused).toContain(remedy)
    expect(refused).not.toContain('s3cret')
    expect(() => redisLimits(url)).toThrow(remedy)
  })
})
