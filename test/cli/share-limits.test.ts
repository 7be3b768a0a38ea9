/** `--share-limits`: rates that several `preq` share. What is shared is tested in test/distributed. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { freePort } from '../components/component.ts'

const SECURED = ['--share-limits', 'rediss://h', '--rate', '9/s']
const CA = fileURLToPath(new URL('../fixtures/tls/ca.pem', import.meta.url))
const KEY = fileURLToPath(new URL('../fixtures/tls/server-key.pem', import.meta.url))

describe('--share-limits', () => {
  test.each<[readonly string[], string]>([
    [['--share-name', 'a'], '--share-name: expected --share-limits beside it, got none.'],
    [['--local-share'], '--local-share: expected --share-limits beside it, got none.'],
    [['--share-ca', 'ca.pem'], '--share-ca: expected --share-limits beside it, got none.'],
    [
      [...SECURED, '--share-cert', 'none.pem'],
      'cannot read --share-cert none.pem: no such file or directory (ENOENT).',
    ],
    [[...SECURED, '--share-ca', CA, '--share-key', CA], '--share-ca: expected a cert and its key, got one of them.'],
    [
      [...SECURED, '--share-cert', CA, '--share-key', KEY],
      '--share-ca: expected certificates and a key that fit together',
    ],
    [
      ['--share-limits', 'redis://h', '--rate', '9/s', '--share-ca', CA],
      '--share-ca: expected a URL rediss://… beside it, got redis://….',
    ],
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

  test('is told by preq plan, with the name and the place, and without the password', async () => {
    const { run } = await workplace()
    const share = ['--share-limits', 'redis://me:s3cret@queue.example:6379/2']
    const urls = ['URL/a', 'URL/b', 'URL/c']
    const { code, stdout } = await run([
      'plan',
      ...urls,
      '--rate',
      '60/m',
      ...share,
      '--share-name',
      'shop',
      '--local-share',
    ])
    expect(stdout).toContain(
      'all rates are shared with every process of the name shop at redis://queue.example:6379/2\n',
    )
    // A shared rate is spread evenly, whatever its interval.
    expect(stdout).toContain('at least 2s')
    expect(stdout).not.toContain('s3cret')
    expect(code).toBe(0)
    expect((await run(['plan', 'URL/a', '--rate', '9/s', ...share])).stdout).toContain('of the name default at')
    expect((await run(['plan', 'URL/a', '--rate', '9/s', '--share-limits', 'http://h'])).code).toBe(2)
    expect((await run(['plan', 'URL/a', '--rate', '60/m'])).stdout).not.toContain('shared')
  })
})
