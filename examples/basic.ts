/** Many requests at once: the same URL five times, then three different URLs. */
import { parallelRequests } from 'parallel-requests'

const httpbin = process.env.HTTPBIN_URL ?? 'https://httpbin.org'
const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

// One URL, repeated. At most three requests are on the wire at once.
const answers = await parallelRequests(Array<string>(5).fill(`${httpbin}/get`), { concurrency: 3 })
console.log(`${answers.length} answers from httpbin`)

interface Repo {
  full_name: string
}

// Different URLs. The results have the order of the URLs, whichever comes first.
const repos = await parallelRequests<Repo>([
  `${github}/repos/python/cpython`,
  `${github}/repos/python/pypy`,
  `${github}/repos/legout/parallel-requests`,
])
for (const repo of repos) console.log(repo.full_name)
