import { expect, test } from 'vitest'
import * as undici from 'undici'
import { Client, buildConnector } from '../../src/transport/undici-parts.ts'

test('What is loaded past the index of undici is what its index gives.', () => {
  expect(Client).toBe(undici.Client)
  expect(buildConnector).toBe(undici.buildConnector)
})
