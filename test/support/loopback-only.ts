/**
 * Preloaded into a process that must not leave this machine: a lookup of a name, or a connection to an address other
 * than loopback, throws and is reported on stderr. Give it as `--import` in NODE_OPTIONS. It does not reach the worker
 * thread of `parallelRequestsSync`, which starts without preloaded modules. Do not import it.
 */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/

const lookup = dns.lookup as (name: string, ...rest: unknown[]) => void
const connect = Object.getOwnPropertyDescriptor(Socket.prototype, 'connect')?.value as (...args: never[]) => Socket

function checkedLookup(name: string, ...rest: unknown[]): void {
  check(name)
  lookup(name, ...rest)
}
dns.lookup = checkedLookup as typeof dns.lookup
// Also for modules with `import { lookup }`.
syncBuiltinESMExports()

Socket.prototype.connect = function (this: Socket, ...args: never[]) {
  check(hostOf(args))
  return connect.apply(this, args)
}

/** The host in either form of `connect`: options, or port and host. Node's own calls wrap them in an array. */
function hostOf([first, second]: readonly unknown[]): unknown {
  if (Array.isArray(first)) return hostOf(first)
  if (typeof first === 'object' && first !== null) return 'host' in first ? first.host : '127.0.0.1'
  return second
}

function check(host: unknown): void {
  if (typeof host === 'string' && LOOPBACK.test(host)) return
  process.stderr.write(`not loopback: ${String(host)}\n`)
  throw new Error(`not loopback: ${String(host)}`)
}
