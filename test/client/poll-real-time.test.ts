/** The deadline of a job and the time that its result takes. */
import { expect, it } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import { jobServer } from '../support/job-server.ts'

it('the deadline of a job does not end the download of its result', async () => {
  let looks = 0
  await using server = await jobServer({
    first: ({ method }, _, response) => {
      if (method === 'POST' || looks++ === 0) return false
      response.write('{"first":')
      setTimeout(() => response.end('1}'), 1_500)
      return true
    },
  })
  const chunks: string[] = []
  const bytes = await parallelRequests(
    { url: `${server.origin}/location/7`, method: 'POST' },
    {
      returnType: 'stream',
      onChunk: chunk => void chunks.push(Buffer.from(chunk).toString()),
      poll: { interval: 0, deadline: '1s' },
    },
  )
  expect([bytes, chunks.join('')]).toEqual([11, '{"first":1}'])
})
