/** How `openRunFile` refuses a path. */
import { expect } from 'vitest'
import { ConfigError } from '../../src/core/error.ts'
import { openRunFile } from '../../src/store/run-file.ts'

export const open = (path: string) => openRunFile(path, { durability: 'process' })

/** The message of the ConfigError. */
export async function refusal(path: string): Promise<string> {
  const error: unknown = await open(path).then(
    journal => journal.close(),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message
}
