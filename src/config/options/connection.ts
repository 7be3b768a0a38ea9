/** The options of connections: TLS, addresses, HTTP/2, the transport, and worker threads. */
import { funcOf } from '../functions.ts'
import { bool, count, matching, problem, size } from '../kinds.ts'
import { option, part } from '../option.ts'
import { isTransport } from '../shapes.ts'
import type { Values } from '../table.ts'
import { readTls } from '../tls-input.ts'
import type { ConnectionPlan } from '../../core/connection-plan.ts'
import type { LookupInput } from '../../core/options.ts'
import type { Problem } from '../../core/problem.ts'

export const CONNECTION_OPTIONS = {
  verifySsl: option({
    scope: 'client',
    plan: 'part',
    read: bool,
    default: true,
    crosses: 'plain',
    doc: 'Verify the TLS certificates of servers.',
  }),
  tls: option({
    scope: 'client',
    plan: 'part',
    read: readTls,
    crosses: 'plain',
    doc: "Certificates in PEM: `ca` replaces the system's roots, `cert` and `key` are the client's own; or `pfx`, the bytes of a PKCS #12 file. `passphrase` decrypts the key.",
    fieldDocs: {
      ca: "Certificates in PEM that replace the system's roots.",
      cert: 'Certificate of the client, in PEM.',
      key: 'Private key of `cert`, in PEM.',
      pfx: 'Certificate and key of the client, as one PKCS #12 file.',
    },
  }),
  blockPrivateAddresses: option({
    scope: 'client',
    plan: 'part',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'Connect only to public IP addresses; checked on every redirect and reconnect. For untrusted URLs.',
  }),
  maxHeaderBytes: option({
    scope: 'client',
    plan: 'part',
    read: size,
    // Node's own limit of 16 KiB is less than what curl and browsers take.
    default: '64KiB',
    defaultText: "`'64KiB'`, or Node's `--max-http-header-size` if that is more",
    crosses: 'plain',
    unit: 'bytes',
    doc: 'Maximum size of the response headers.',
  }),
  lookup: option({
    scope: 'client',
    read: funcOf<LookupInput>(),
    defaultText: "the system's resolver, cached for 10 s",
    crosses: 'drop',
    inSync: () => ({
      expected: 'none',
      remedy: 'The requests are sent by another thread, which it cannot reach.',
    }),
    doc: "Resolves the host name of each new connection: Node's `dns.lookup`, or a function with the same signature.",
  }),
  http2: option({
    scope: 'client',
    plan: 'part',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'Offer HTTP/2 to https origins: one connection carries many requests. A server without HTTP/2 gets HTTP/1.1.',
  }),
  transport: option({
    scope: 'client',
    read: matching(
      'a transport with send() and close(), or an undici Dispatcher',
      isTransport,
      'Give an object, for example new Agent() of undici.',
    ),
    defaultText: 'the built-in client',
    crosses: 'drop',
    inSync: () => ({
      expected: 'none',
      remedy: 'The requests are sent by another thread, which it cannot reach.',
    }),
    doc: 'Sends the requests instead of the built-in client: a `Transport`, or an undici `Dispatcher`.',
  }),
  workers: option({
    scope: 'client',
    read: count(0, 'Use 0 to send from the calling thread.', false),
    default: 0,
    // The thread of a sync call carries its requests itself.
    crosses: 'drop',
    unit: 'threads',
    doc: 'Worker threads for sockets, TLS and decompression, to use more than one core; 0 uses the calling thread only. Limits and callbacks always run on the calling thread.',
  }),
}

export function checkConnection(values: Values, problems: Problem[]): void {
  const { workers = 0, transport, lookup } = values
  if (workers > 0 && transport !== undefined) {
    problems.push(problem('workers', 'no transport beside it', 'one', 'A transport cannot go to another thread.'))
  }
  if (workers > 0 && lookup !== undefined) {
    problems.push(problem('workers', 'no lookup beside it', 'one', 'A function cannot go to another thread.'))
  }
  if (transport === undefined) return
  for (const name of ['lookup', 'blockPrivateAddresses', 'maxHeaderBytes'] as const) {
    if (values[name] === undefined || values[name] === false) continue
    problems.push(problem(name, 'no transport beside it', 'one', 'A transport makes its own connections.'))
  }
}

export const CLIENT_CONNECTION = {
  connection: part(['verifySsl', 'tls', 'blockPrivateAddresses', 'maxHeaderBytes', 'http2'], planConnection),
}

function planConnection(values: Values): ConnectionPlan {
  const { verifySsl, blockPrivateAddresses, maxHeaderBytes, http2 } = CONNECTION_OPTIONS
  return {
    tls: { verify: values.verifySsl ?? verifySsl.default, ...values.tls },
    ...((values.http2 ?? http2.default) && { http2: true }),
    blockPrivateAddresses: values.blockPrivateAddresses ?? blockPrivateAddresses.default,
    maxHeaderBytes: values.maxHeaderBytes ?? Math.max(maxHeaderBytes.default, nodeMaxHeaderBytes()),
  }
}

/**
 * The value of `--max-http-header-size`. `node:http` is not imported: its exports are getters, and one of them loads
 * Node's fetch.
 */
const nodeMaxHeaderBytes = (): number => process.getBuiltinModule('node:http').maxHeaderSize
