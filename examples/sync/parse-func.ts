/** Your own values: `parseFunc` runs on your own thread, as in any call, but may not be async here. */
import { parallelRequestsSync } from 'parallel-requests'

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

const results = parallelRequestsSync([`${github}/repos/python/cpython`, `${github}/repos/legout/parallel-requests`], {
  parseFunc: repoInfo,
})

for (const repo of results) console.log(`${repo.name}: ${repo.stars} stars, ${repo.language}`)
