import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PICTURE, picture } from '../../scripts/architecture.ts'

it('the picture of the architecture shows the imports between rooms as they are (npm run docs draws it)', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(picture())
})
