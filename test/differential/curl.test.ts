/**
 * The same bytes, judged by curl and by this library. Where the two differ, the row says why, and docs/design/curl.md
 * lists it. `npx vitest run test/differential -u` writes that page from the rows.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Answer } from './answer.ts'
import { ANSWERS } from './answers.ts'
import { curlOf, oursOf, playing } from './play.ts'

/** The error codes of ours that mean the same as an exit code of curl. */
const SAME: Readonly<Record<number, RegExp>> = {
  0: /^(ok|http\/\d+)$/,
  // Unsupported protocol: HTTP/0.9, something other than HTTP, another scheme.
  1: /^(protocol\/(version|not_http|status)|redirect\/scheme)$/,
  3: /^redirect\/invalid$/,
  // Weird server reply.
  8: /^protocol\//,
  18: /^truncated\//,
  // Out of memory: curl 7 reports too large headers in this way.
  27: /^too_large\/headers$/,
  28: /^timeout\//,
  47: /^redirect\/(loop|too_many)$/,
  52: /^reset\//,
  56: /^(reset\/|truncated\/reset$|protocol\/chunk$)/,
  61: /^(decode\/|protocol\/transfer_encoding$)/,
  63: /^too_large\//,
}

const agree = ({ curl, ours }: Pick<Answer, 'curl' | 'ours'>): boolean => SAME[curl]?.test(ours) ?? false

/** Exit codes change between versions. The rows are those of Debian 12. */
const RECORDED = /^curl 7\.88\./
const found = spawnSync('curl', ['--version']).stdout?.toString() ?? ''

describe.skipIf(!RECORDED.test(found))('curl and this library give the expected verdicts for', () => {
  it.each(ANSWERS)('$what', async answer => {
    await using server = await playing(answer)
    const curl = await curlOf(server.origin, answer.curl === 28)
    const ours = await oursOf(server.origin, answer.ours.startsWith('timeout/'))
    expect({ curl: curl.exit, ours: ours.code }).toEqual({ curl: answer.curl, ours: answer.ours })
    if (curl.exit === 0 && SAME[0]?.test(ours.code)) expect(Buffer.from(ours.body)).toEqual(curl.body)
  })
})

describe('the verdicts of curl and this library differ', () => {
  it.each(ANSWERS)('with a reason in the row, and otherwise agree: $what', answer => {
    expect(answer.because !== undefined).toBe(!agree(answer))
  })

  it('as docs/design/curl.md says', async () => {
    const differing = ANSWERS.filter(({ because }) => because !== undefined)
    const page = [
      '# Differences from curl',
      '',
      `curl 7.88.1 (\`--compressed --location\`) and this library get the same ${ANSWERS.length} answers, byte by byte`,
      '(`test/differential/answers.ts`). On ' +
        `${ANSWERS.length - differing.length} of them both give the same verdict. On these ${differing.length} they differ:`,
      '',
      '| the answer | curl | here | because |',
      '|---|---|---|---|',
      ...differing.map(({ what, curl, ours, because }) => `| ${what} | exit ${curl} | \`${ours}\` | ${because} |`),
      '',
      'In each case this library refuses an answer that curl accepts, or reads a complete body that curl does not read. Nothing',
      'else that curl refuses is `ok` here. The test `test/differential/curl.test.ts` writes this page, and fails if it is wrong.',
      '',
    ]
    await expect(page.join('\n')).toMatchFileSnapshot('../../docs/design/curl.md')
  })

  it('but nothing that curl refuses is ok here, except gzip of several members or with bytes after it', () => {
    const bolder = ANSWERS.filter(({ curl, ours }) => curl !== 0 && ours === 'ok').map(({ what }) => what)
    expect(bolder).toEqual(['gzip of two members', 'gzip with bytes after its end'])
  })
})
