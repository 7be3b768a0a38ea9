import { expect, test } from 'vitest'
import { catalogue, fullName } from '../../../src/cli/demo/catalogue.ts'
import { moods } from '../../../src/cli/demo/moods.ts'

test('the catalogue of the demo is the same in every run', () => {
  expect(catalogue()).toEqual(catalogue())
  expect(catalogue()[0]).toMatchInlineSnapshot(`
    {
      "archived": false,
      "createdOn": "2021-10-09",
      "description": "Structured logger for Kotlin, with batteries.",
      "forks": 2,
      "id": 10000,
      "language": "Kotlin",
      "license": "BSD-3-Clause",
      "name": "sharp-logger",
      "openIssues": 1,
      "owner": "eastgate",
      "pushedOn": "2025-02-05",
      "stars": 17,
      "topics": [
        "logging",
        "kotlin",
      ],
    }
  `)
  expect(catalogue(3, 1)).not.toEqual(catalogue(3, 2))
})

test('the catalogue of the demo has unique names, dates in order and consistent counts', () => {
  const repositories = catalogue()
  expect(repositories).toHaveLength(300)
  expect(new Set(repositories.map(fullName)).size).toBe(300)
  for (const { name, owner, description, stars, forks, openIssues, createdOn, pushedOn } of repositories) {
    expect(`${owner}/${name}`).toMatch(/^[a-z-]+\/[a-z-]+$/)
    expect(description).toMatch(/^[A-Z].* for \S.*\.$/)
    expect(createdOn).toMatch(/^20\d\d-\d\d-\d\d$/)
    expect(pushedOn >= createdOn).toBe(true)
    expect(forks).toBeLessThanOrEqual(stars)
    expect(openIssues).toBeLessThanOrEqual(stars)
  }
})

test('the moods of the demo are the same in every run, and each kind occurs', () => {
  expect(moods(300)).toEqual(moods(300))
  const byKind = Object.groupBy(moods(300), ({ kind }) => kind)
  const counts = Object.fromEntries(Object.entries(byKind).map(([kind, { length }]) => [kind, length]))
  expect(counts).toMatchObject({ gone: 4, broken: 3, page: 1 })
  expect(counts.shaky).toBeGreaterThan(10)
  expect(counts.slow).toBeGreaterThan(10)
  expect(counts.prompt).toBeGreaterThan(200)
})
