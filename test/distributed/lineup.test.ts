import { expect, it } from 'vitest'
import { Lineup } from '../../src/distributed/batch/lineup.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

it('a chunk begins when all requests of the one before have been taken, in the order of their asking', async () => {
  const lineup = new Lineup(1_000_000)
  const begun: number[] = []
  const taken: (() => void)[] = []
  for (const number of [1, 2, 3]) {
    void lineup.turn().then(next => {
      begun.push(number)
      taken.push(next)
    })
  }
  await turn()
  expect(begun).toEqual([1])
  taken[0]?.()
  await turn()
  expect(begun).toEqual([1, 2])
  taken[0]?.()
  await turn()
  expect(begun).toEqual([1, 2])
  taken[1]?.()
  await turn()
  expect(begun).toEqual([1, 2, 3])
  taken[2]?.()
  await lineup.turn().then(next => next())
})

it('a chunk whose requests wait does not hold the next one back for ever', async () => {
  const lineup = new Lineup(1)
  await lineup.turn()
  const next = await lineup.turn()
  expect(next).toBeTypeOf('function')
})
