/**
 * The same bytes, judged by curl and by us. Where the two differ the row says why, and docs/design/curl.md lists it:
 * `npx vitest run test/differential -u` writes that page from the rows.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Answer } from './answer.ts'
import { ANSWERS } from './answers.ts'
import { curlOf, oursOf, playing } from './play.ts'

/** Which of our codes say the same as an exit code of curl. */
const SAME: Readonly<Record<number, RegExp>> = {
  0: /^(ok|http\/\d+)$/,
  // Unsupported protocol: HTTP/0.9, what is no HTTP, a scheme.
  1: /^(protocol\/(version|not_http|status)|redirect\/scheme)$/,
  3: /^redirect\/invalid$/,
  // Weird server reply.
  8: /^protocol\//,
  18: /^truncated\//,
  // Out of memory: how curl 7 says that a head is too large.
  27: /^too_large\/headers$/,
  28: /^timeout\//,
  47: /^redirect\/(loop|too_many)$/,
  52: /^reset\//,
  56: /^(reset\/|truncated\/reset$|protocol\/chunk$)/,
  61: /^(decode\/|protocol\/transfer_encoding$)/,
  63: /^too_large\//,
}

const agree = ({ curl, ours }: Pick<Answer, 'curl' | 'ours'>): boolean => SAME[curl]?.test(ours) ?? false

/** Exit codes change between versions; the rows are those of Debian 12. */
const RECORDED = /^curl 7\.88\./
const found = spawnSync('curl', ['--version']).stdout?.toString() ?? ''

describe.skipIf(!RECORDED.test(found))('curl and we agree on', () => {
  it.each(ANSWERS)('$what', async answer => {
    await using server = await playing(answer)
    const curl = await curlOf(server.origin)
    const ours = await oursOf(server.origin)
    expect({ curl: curl.exit, ours: ours.code }).toEqual({ curl: answer.curl, ours: answer.ours })
    if (curl.exit === 0 && SAME[0]?.test(ours.code)) expect(Buffer.from(ours.body)).toEqual(curl.body)
  })
})

describe('Where curl and we differ', () => {
  it.each(ANSWERS)('there is a reason, and only there: $what', answer => {
    expect(answer.because !== undefined).toBe(!agree(answer))
  })

  it('the page says so.', async () => {
    const differing = ANSWERS.filter(({ because }) => because !== undefined)
    const page = [
      '# Where curl and we differ',
      '',
      `curl 7.88.1 (\`--compressed --location\`) and we are given the same ${ANSWERS.length} answers, byte by byte`,
      '(`test/differential/answers.ts`). On ' +
        `${ANSWERS.length - differing.length} of them both say the same; on these ${differing.length} they do not:`,
      '',
      '| the answer | curl | here | because |',
      '|---|---|---|---|',
      ...differing.map(({ what, curl, ours, because }) => `| ${what} | exit ${curl} | \`${ours}\` | ${because} |`),
      '',
      'Every one is a refusal of ours that curl does not make, or a whole body that curl does not read; nothing else that curl',
      'refuses is `ok` here. The test `test/differential/curl.test.ts` writes this page, and fails where it is not true.',
      '',
    ]
    await expect(page.join('\n')).toMatchFileSnapshot('../../docs/design/curl.md')
  })

  it('we never take for whole what curl refuses, but for gzip of several members or with bytes behind it.', () => {
    const bolder = ANSWERS.filter(({ curl, ours }) => curl !== 0 && ours === 'ok').map(({ what }) => what)
    expect(bolder).toEqual(['gzip of two members', 'gzip with bytes behind it'])
  })
})
