/** In an application: `parallelRequests` returns a promise, so await it wherever you need the results. */
import { parallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

async function fetchRepos(): Promise<Repo[]> {
  return parallelRequests<Repo>([`${github}/repos/python/cpython`, `${github}/repos/python/pypy`], {
    concurrency: 5,
  })
}

const repos = await fetchRepos()
for (const repo of repos) console.log(repo.full_name)
