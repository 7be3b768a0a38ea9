/**
 * The call that the demo makes, and the same call as the demo prints it. The printed code must be the code that runs; a
 * test compares them.
 */
import type { Repository } from './catalogue.ts'
import { ParallelRequests } from '../../index.ts'
import type { Outcome, Progress } from '../../index.ts'

export const CALL = [
  "import { ParallelRequests } from 'parallel-requests'",
  '',
  'const client = new ParallelRequests({',
  '  baseUrl,',
  '  concurrency: 20,',
  "  rateLimit: '100/s',",
  '})',
  'try {',
  "  const names = await client.request<string[]>('repos')",
  '  const requests = names.map(name => ({ url: `repos/${name}`, key: name }))',
  '  const outcomes = client.stream<Repository>(requests, { onProgress })',
  "  process.once('SIGINT', () => outcomes.stop())",
  '',
  '  for await (const outcome of outcomes) await save(outcome)',
  '} finally {',
  '  await client.close()',
  '}',
]

export interface CallParts {
  readonly baseUrl: string
  readonly onProgress: (progress: Progress) => void
  readonly save: (outcome: Outcome<Repository>) => Promise<void>
}

export async function fetchAll({ baseUrl, onProgress, save }: CallParts): Promise<void> {
  const client = new ParallelRequests({
    baseUrl,
    concurrency: 20,
    rateLimit: '100/s',
  })
  try {
    const names = await client.request<string[]>('repos')
    const requests = names.map(name => ({ url: `repos/${name}`, key: name }))
    const outcomes = client.stream<Repository>(requests, { onProgress })
    process.once('SIGINT', () => outcomes.stop())

    for await (const outcome of outcomes) await save(outcome)
  } finally {
    await client.close()
  }
}
