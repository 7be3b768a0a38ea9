import { expect, test } from 'vitest'
import * as undici from 'undici'
import { Client, buildConnector } from '../../src/transport/undici-parts.ts'

test("the parts that are imported past undici's index are the ones that its index exports", () => {
  expect(Client).toBe(undici.Client)
  expect(buildConnector).toBe(undici.buildConnector)
})
