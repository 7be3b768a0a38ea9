/**
 * Several batches, one client: they share connections, cookies and limits.
 *
 * From Node 24 on, `await using client = new ParallelRequests(…)` closes it for you; this also runs on Node 22.
 */
import { ParallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

const client = new ParallelRequests({ concurrency: 5 })
try {
  // The first batch opens the connection.
  const first = await client.request<Repo>([`${github}/repos/python/cpython`])

  // The second one uses it again, and sends the cookies that the first one was given.
  const second = await client.request<Repo>([`${github}/repos/python/pypy`])

  for (const repo of [...first, ...second]) console.log(repo.full_name)
} finally {
  await client.close()
}
