/** `--share-limits`: rates that several `preq` share. What is shared is tested in test/distributed. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { freePort } from '../components/component.ts'

describe('--share-limits', () => {
  test.each<[readonly string[], string]>([
    [['--share-name', 'a'], '--share-name: expected --share-limits beside it, got none.'],
    [['--local-share'], '--local-share: expected --share-limits beside it, got none.'],
    [['--share-limits', 'redis://h'], '--share-limits: expected a rate beside it, got none.'],
    [['--share-limits', 'redis://h', '--host-limit', 'x.com=2'], '--share-limits: expected a rate beside it'],
    [['--share-limits', 'env:NO_SUCH', '--rate', '9/s'], '--share-limits: expected the secret in the variable NO_SUCH'],
    [['--share-limits', 'http://:s3cret@h', '--rate', '9/s'], '--share-limits: expected a URL redis://… or rediss://…'],
    [
      ['--share-limits', 'redis://h', '--rate', '9/s', '--share-name', 'a b'],
      '--share-name: expected 1 to 100 letters, digits',
    ],
  ])('%j is refused before anything is sent', async (flags, message) => {
    const { run } = await workplace()
    const { code, stderr, stdout } = await run(['URL/a', ...flags])
    expect(stderr).toContain(message)
    expect(`${stderr}${stdout}`).not.toContain('s3cret')
    expect(code).toBe(2)
  })

  test('says where no Redis listens, without the password', async () => {
    const { run } = await workplace()
    const port = await freePort()
    const { code, stderr } = await run([
      'URL/a',
      '--rate',
      '9/s',
      '--share-limits',
      `redis://:s3cret@127.0.0.1:${port}`,
    ])
    expect(stderr).toContain(`--share-limits: no Redis server listens at redis://127.0.0.1:${port}.`)
    expect(stderr).not.toContain('s3cret')
    expect(code).toBe(2)
  })
})
