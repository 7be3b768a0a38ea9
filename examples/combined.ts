/** Everything together, in the form with one object: names, limits, retries and headers. */
import { parallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  full_name: string
}

const results = await parallelRequests({
  urls: [`${github}/repos/python/cpython`, `${github}/repos/python/pypy`],
  keys: ['cpython', 'pypy'],
  parseFunc: (repo: Repo) => repo.full_name,
  concurrency: 3,
  maxRetries: 2,
  timeout: '10s',
  rateLimit: 10, // starts per second
  headers: {
    'User-Agent': 'MyApp/1.0',
    Accept: 'application/vnd.github.v3+json',
  },
})

console.log(results)
