/** Your own values: `parseFunc` gets each parsed body, and what it returns is the result. */
import { parallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  name: string
  stargazers_count: number
  language: string | null
}

/** Keeps only what we need of GitHub's long answer. */
function repoInfo(repo: Repo) {
  return { name: repo.name, stars: repo.stargazers_count, language: repo.language }
}

const results = await parallelRequests([`${github}/repos/python/cpython`, `${github}/repos/legout/parallel-requests`], {
  parseFunc: repoInfo,
})

for (const repo of results) console.log(`${repo.name}: ${repo.stars} stars, ${repo.language}`)
