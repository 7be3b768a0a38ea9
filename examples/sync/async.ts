/**
 * Where no promise can be awaited: a plain function that returns the results. It blocks its thread until they are
 * complete.
 */
import { parallelRequestsSync } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

function fetchRepos(): Repo[] {
  return parallelRequestsSync<Repo>([`${github}/repos/python/cpython`, `${github}/repos/python/pypy`], {
    concurrency: 5,
  })
}

for (const repo of fetchRepos()) console.log(repo.full_name)
