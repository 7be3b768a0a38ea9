/** Named results: with `keys` the result is an object, and TypeScript knows its keys. */
import { parallelRequests } from 'parallel-requests'

const github = process.env.GITHUB_API_URL ?? 'https://api.github.com'

interface Repo {
  name: string
}

const results = await parallelRequests([`${github}/repos/python/cpython`, `${github}/repos/python/pypy`], {
  keys: ['cpython', 'pypy'],
  parseFunc: (repo: Repo) => repo,
})

console.log(`CPython: ${results.cpython.name}`)
console.log(`PyPy: ${results.pypy.name}`)
