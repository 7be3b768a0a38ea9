import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PACKAGE_VERSION } from '../../src/core/version.ts'

it('VERSION is the version in package.json', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(PACKAGE_VERSION).toBe(manifest.version)
})
