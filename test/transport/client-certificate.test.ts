/** A server that asks for a client certificate: what is sent, and which fault a refusal gives. */
import { createPrivateKey } from 'node:crypto'
import { createSecureServer as createHttp2Server } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certificateFault } from '../../src/transport/client-certificate.ts'
import { ConfigError, ParallelRequests } from '../../src/index.ts'
import { HASTY, ask, verdictOf } from '../support/ask.ts'
import { tlsFixture } from '../support/raw-server.ts'

const PASSPHRASE = 'only-for-tests'
const ca = tlsFixture('ca')
const pfx = readFileSync('test/fixtures/tls/server.p12')
const encryptedKey = createPrivateKey(tlsFixture('server-key')).export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: PASSPHRASE,
}) as string

/** Answers with the name on the client's certificate, and counts requests. */
async function askingServer(http2 = false): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const options = {
    cert: tlsFixture('server'),
    key: tlsFixture('server-key'),
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  } as const
  const onRequest = (
    { method, socket }: { method?: string | undefined; socket: unknown },
    response: { end(text: string): void },
  ): void => {
    requests.push(method ?? '')
    response.end((socket as TLSSocket).getPeerCertificate().subject.CN as string)
  }
  const server = http2 ? createHttp2Server(options, onRequest) : createServer(options, onRequest)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests }
}

describe('a server that asks for a client certificate over TLS 1.3', () => {
  it.each([
    ['HTTP/1.1', false],
    ['HTTP/2', true],
  ])('fails GET and POST without one as tls/client_certificate, once, over %s', async (_, http2) => {
    const { url, requests } = await askingServer(http2)
    for (const method of ['GET', 'POST']) {
      // One after the other.
      const outcome = await ask({ url, method }, { http2, tls: { ca }, maxRetries: 2, retry: HASTY })
      expect(verdictOf(outcome)).toBe('tls/client_certificate')
      expect(outcome.error?.message).toContain('the server asks for a client certificate')
      expect(outcome.attempts).toBe(1)
    }
    expect(requests).toEqual([])
  })

  it.each([
    ['an encrypted key', { cert: tlsFixture('server'), key: encryptedKey, passphrase: PASSPHRASE }],
    ['a PKCS #12 file', { pfx, passphrase: PASSPHRASE }],
  ])('gets the certificate of %s', async (_, tls) => {
    const { url } = await askingServer()
    expect(await ask(url, { tls: { ca, ...tls } })).toMatchObject({ ok: true, value: 'localhost' })
    const workers = await ask(url, { tls: { ca, ...tls }, workers: 1 })
    expect(workers).toMatchObject({ ok: true, value: 'localhost' })
  })
})

describe('a key that cannot be decrypted', () => {
  it.each([
    ['tls.key', { cert: tlsFixture('server'), key: encryptedKey, passphrase: 'not-this-one' }],
    ['tls.pfx', { pfx, passphrase: 'not-this-one' }],
    ['tls.pfx', { pfx: Buffer.from('no bundle') }],
    ['tls.pfx', { pfx, passphrase: PASSPHRASE, cert: tlsFixture('server') }],
    ['tls.passphrase', { passphrase: 'not-this-one' }],
  ])('is a ConfigError on %s that does not show the passphrase', (subject, tls) => {
    const make = (): unknown => new ParallelRequests({ tls })
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(`${subject}: expected`)
    expect(make).not.toThrow('not-this-one')
  })
})

it("every alert about a client certificate is recognised by Node's name for it", () => {
  const codes = [
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
    'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  ]
  for (const code of codes) expect(certificateFault({ code })?.code, code).toBe('tls/client_certificate')
  expect(certificateFault({ code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE' })).toBeUndefined()
  expect(certificateFault(undefined)).toBeUndefined()
})
