/** JSON, the default: each result is the parsed body. The type argument says what you expect in it. */
import { parallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  name: string
}

const results = await parallelRequests<Repo>([`${github}/repos/python/cpython`], { returnType: 'json' })

for (const repo of results) console.log(repo.name)
