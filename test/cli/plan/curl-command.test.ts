import { expect, test } from 'vitest'
import { curlCommand } from '../../../src/cli/plan/curl-command.ts'
import { planClient } from '../../../src/config/client-plan.ts'
import { planBatch } from '../../../src/config/plan.ts'
import { prepareItem } from '../../../src/client/run/item.ts'
import { RequestIds } from '../../../src/client/run/request-ids.ts'
import type { Call } from '../../../src/core/call.ts'

function shown(value: object): string {
  const batch = planBatch({}, {}, planClient({}).concurrency)
  return curlCommand(prepareItem({ value, index: 0 }, batch, 0, new RequestIds()) as Call)
}

const url = 'https://a.test/login'

test('secrets in the body of a request are redacted as in error bodies', () => {
  expect(shown({ url, method: 'POST', json: { user: 'ann', password: 'hunter2', n: 1 } })).toContain(
    `--data-raw '{"user":"ann","password":"***","n":1}'`,
  )
  expect(shown({ url, method: 'POST', form: { user: 'ann', client_secret: 'hunter2' } })).toContain(
    'user=ann&client_secret=***',
  )
})

test('the body repeats no secret of the headers or the query', () => {
  const sent = { url: `${url}?api_key=canary-1`, method: 'POST', headers: { authorization: 'Bearer canary-2' } }
  const command = shown({ ...sent, body: 'signed with canary-1 and canary-2' })
  expect(command).not.toContain('canary')
  expect(command).toContain('signed with *** and ***')
})
