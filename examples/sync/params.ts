/** Different query parameters for each URL: one entry per URL, `{}` for none. */
import { parallelRequestsSync } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

const results = parallelRequestsSync<Repo>([`${github}/repos/python/cpython`, `${github}/repos/python/pypy`], {
  params: [
    { ref: 'main' }, // for the first URL
    {}, // for the second
  ],
})

for (const repo of results) console.log(repo.full_name)
