import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import { csv, folder, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { failedOutcome, freshFolder, okOutcome } from './outcomes.ts'

const canary = (): string => `CANARY${randomBytes(9).toString('hex')}`

it('no sink writes a secret of a request', async () => {
  const secretive = (path: string) => ({
    url: `http://user:${canary()}@127.0.0.1${path}?token=${canary()}&api_key=${canary()}&tenant=${canary()}&page=7#access_token=${canary()}`,
    params: { client_secret: canary() },
    headers: { cookie: `sid=${canary()}`, authorization: `Bearer ${canary()}`, 'x-tenant': canary() },
    key: `https://me:${canary()}@127.0.0.1${path}?token=${canary()}`,
    meta: { password: canary() },
  })
  const transport = mockTransport(({ url }) => {
    if (url.includes('/cut')) return { fault: 'reset/before_headers' }
    return {
      status: url.includes('/no') ? 403 : 200,
      headers: { 'set-cookie': `sid=${canary()}` },
      json: { fine: true },
    }
  })
  const options = { transport, maxRetries: 0, onFailure: 'settle', secretNames: ['tenant', 'X-Tenant'] } as const
  const specs = ['/ok', '/no', '/cut'].map(secretive)
  const outcomes = [
    ...(await parallelRequests(specs, options)),
    ...(await parallelRequests(specs, { ...options, returnType: 'response' })),
    // Made by hand, with URLs that a caller should not use.
    okOutcome(6, 'x', { url: `http://user:${canary()}@127.0.0.1/?token=${canary()}` }),
    failedOutcome(7, { url: `http://127.0.0.1/?signature=${canary()}` }),
  ].map((outcome, index) => ({ ...outcome, index }))

  const dir = freshFolder()
  const sinks = [
    jsonLines(join(dir, 'a.jsonl')),
    csv(join(dir, 'a.csv'), {
      columns: ['index', 'key', 'method', 'url', 'ok', 'status', 'attempts', 'error', 'value', 'bytes'],
    }),
    sqlite(join(dir, 'a.db')),
    folder(join(dir, 'files')),
  ]
  for (const sink of sinks) {
    for (const outcome of outcomes) {
      // A message made by hand may hold anything; those we make do not.
      if (outcome.index !== 7 || sink === sinks[1]) await sink.write(outcome)
    }
    await sink.close()
  }
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  expect(files.length).toBeGreaterThan(6)
  for (const { parentPath, name } of files) {
    expect(name).not.toContain('CANARY')
    const text = readFileSync(join(parentPath, name), 'latin1')
    const at = text.indexOf('CANARY')
    expect(at, at === -1 ? '' : `${name}: …${text.slice(Math.max(0, at - 200), at + 60)}…`).toBe(-1)
  }
  const lines = readFileSync(join(dir, 'a.jsonl'), 'utf8')
  expect(lines).toContain('token=***')
  expect(lines).toContain('page=7')
})
