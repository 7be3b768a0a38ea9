/**
 * Two batches with the same options. There is no sync client: each call has its own connections, cookies and limits.
 * To share those, use `ParallelRequests` (../client.ts).
 */
import { parallelRequestsSync } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

const options = { concurrency: 5 }

const first = parallelRequestsSync<Repo>([`${github}/repos/python/cpython`], options)
const second = parallelRequestsSync<Repo>([`${github}/repos/python/pypy`], options)

for (const repo of [...first, ...second]) console.log(repo.full_name)
