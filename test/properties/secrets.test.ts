/** No printed or written byte contains a secret, in plain text, base64, hexadecimal or percent-encoded. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

const PLACES = [
  'userinfo',
  'query',
  'listed query',
  'fragment',
  'params',
  'header',
  'listed header',
  'authorization',
  'bearer',
  'body',
  'cookies',
  'cookie header',
  'set-cookie',
  'response header',
  'broken head',
  'password of a proxy',
  'userinfo of a redirect',
  'query of a redirect',
] as const

const dir = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The forms that a text can have inside another: base64 depends on what comes before it. */
function formsOf(text: string): string[] {
  const base64 = [0, 1, 2].map(before => {
    const whole = Buffer.from('x'.repeat(before) + text)
      .toString('base64')
      .replaceAll('=', '')
    // Without the characters at both ends, which depend on the neighbours.
    return whole.slice(before === 0 ? 0 : before + 1, -1)
  })
  const hex = Buffer.from(text).toString('hex')
  const percent = hex.replace(/../g, '%$&')
  const urlSafe = base64.map(form => form.replaceAll('+', '-').replaceAll('/', '_'))
  return [text, encodeURIComponent(text), ...base64, ...urlSafe, hex, hex.toUpperCase(), percent, percent.toUpperCase()]
}

it('secrets in eighteen places appear in nothing that is printed or written', async () => {
  const secrets = Object.fromEntries(PLACES.map(place => [place, `s3cr3t${randomBytes(12).toString('hex')}`]))
  const script = fileURLToPath(new URL('secrets-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, dir, JSON.stringify(secrets)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: Buffer[] = []
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (bytes: Buffer) => printed.push(bytes))
  const [exit] = (await once(child, 'close')) as [number]
  const output = Buffer.concat(printed).toString('latin1')

  // The process reached its end and printed a lot.
  expect(exit, output.slice(-2_000)).toBe(1)
  expect(output).toContain('PartialFailureError')
  for (const code of [
    'http/403',
    'reset/before_headers',
    'timeout/headers',
    'redirect/loop',
    'parse/json',
    'proxy/',
    'malformed_head',
  ]) {
    expect(output).toContain(code)
  }
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  expect(files.length).toBeGreaterThan(4)

  const written = files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')] as const)
  const found: string[] = []
  for (const [place, secret] of Object.entries(secrets)) {
    for (const [where, text] of [['what was printed', output] as const, ...written]) {
      for (const form of formsOf(secret)) {
        const at = text.indexOf(form)
        if (at !== -1 || where.includes(form))
          found.push(`${place} in ${where}: …${text.slice(Math.max(0, at - 120), at + 20)}…`)
      }
    }
  }
  expect(found).toEqual([])
})

it('the forms that the secrets test searches for cover every way to hide one', () => {
  const secret = 's3cr3t0123456789abcdef'
  for (const before of ['', 'u', 'us', 'use', 'user:']) {
    for (const behind of ['', '!', '!!']) {
      const hidden = Buffer.from(before + secret + behind).toString('base64')
      expect(
        formsOf(secret).some(form => hidden.includes(form)),
        hidden,
      ).toBe(true)
    }
  }
})
