/** Jobs in reports: their status requests are no retries and no redirects, and a job that is not done is not in doubt. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import { harOfFile } from '../../src/report/har.ts'
import { dataOf, report } from '../../src/report/report.ts'
import { jobServer } from '../support/job-server.ts'
import type { JobServer } from '../support/job-server.ts'
import { newRun, withoutDone } from '../support/resumed.ts'

/** Two jobs, each with a POST, three requests for its status, and a redirect hop. */
async function runOf({ origin }: JobServer): Promise<string> {
  const path = newRun()
  const requests = [7, 8].map(name => ({ url: `${origin}/location/${name}`, method: 'POST' }))
  await parallelRequests(requests, { resume: path, poll: { interval: '1ms' } })
  return path
}

test('status requests are counted as attempts and not as retries', async () => {
  await using server = await jobServer()
  const path = await runOf(server)
  expect((await dataOf(path)).counts).toMatchObject({ requests: 2, ok: 2, attempts: 10, retries: 0 })
  expect(await report(path, { format: 'csv' })).toContain('polling')
})

test('a job that was not done is not in doubt', async () => {
  await using server = await jobServer()
  const path = await runOf(server)
  writeFileSync(path, withoutDone(readFileSync(path, 'utf8'), 1))
  expect((await dataOf(path)).counts).toMatchObject({ requests: 1, ok: 1, inDoubt: 0 })
})

test('a HAR has status requests as GETs, and only redirects as redirects', async () => {
  await using server = await jobServer()
  const path = await runOf(server)
  const target = join(dirname(path), 'run.har')
  await harOfFile({ path, target, bodies: false, overwrite: false })
  const { log } = JSON.parse(readFileSync(target, 'utf8')) as {
    log: { entries: { request: { method: string; url: string }; response: { redirectURL: string } }[] }
  }
  const first = log.entries.filter(({ request }) => request.url.endsWith('/7'))
  expect(first.map(({ request, response }) => [request.method, response.redirectURL !== ''])).toEqual([
    // The last one of a request comes first.
    ['GET', false],
    ['POST', false],
    ['GET', false],
    ['GET', false],
    ['GET', true],
  ])
})
