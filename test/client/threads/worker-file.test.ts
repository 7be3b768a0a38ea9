import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { flagsForThread } from '../../../src/client/threads/network.ts'
import { ConfigError, ParallelRequests, parallelRequestsSync } from '../../../src/index.ts'

describe('a process that may not start worker threads', () => {
  it('gets a ConfigError that names the permission, and sends nothing', () => {
    vi.stubGlobal('process', Object.assign(Object.create(process), { permission: { has: () => false } }))
    onTestFinished(() => void vi.unstubAllGlobals())
    const refused = /expected to be allowed to start worker threads.*--allow-worker/
    expect(() => new ParallelRequests({ workers: 1 })).toThrow(ConfigError)
    expect(() => new ParallelRequests({ workers: 1 })).toThrow(refused)
    expect(() => parallelRequestsSync(['http://127.0.0.1:1/'])).toThrow(refused)
  })
})

describe('the flags of Node that a worker thread starts with', () => {
  it('keep the hooks of Yarn Plug’n’Play in every form, and no other preloaded module', () => {
    const yarn = ['--require', '"/my app/.pnp.cjs"', '--experimental-loader', 'file:///app/.pnp.loader.mjs']
    expect(flagsForThread(yarn)).toEqual(yarn)
    expect(flagsForThread(['--require=/app/.pnp.cjs', '-r', '/app/.pnp.js'])).toHaveLength(3)
    expect(flagsForThread(['--require', '../tracing.cjs', '--import=./register.mjs', '--eval', 'x'])).toEqual([])
  })

  it('keep flags that change connections', () => {
    expect(flagsForThread(['--use-system-ca', '--inspect', '--tls-min-v1.3'])).toEqual([
      '--use-system-ca',
      '--tls-min-v1.3',
    ])
  })
})
