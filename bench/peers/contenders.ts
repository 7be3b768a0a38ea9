/**
 * Every contender makes the same requests, 50 at a time, and parses the same JSON. Each is imported only where it runs, so
 * that a process pays for one of them.
 */
import { request as nodeRequest, Agent } from 'node:http'
import { connect } from 'node:net'
import { Agent as SecureAgent, request as nodeSecureRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { CONCURRENCY, POST_BODY } from './shapes.ts'
import type { Shape } from './shapes.ts'

/** Makes all requests, and resolves with the parsed bodies. */
export type Run = (urls: readonly string[]) => Promise<readonly unknown[]>

export interface Contender {
  readonly name: string
  /** Whether it can do this. */
  readonly can: (shape: Shape) => boolean
  readonly prepare: (shape: Shape) => Promise<Run>
}

/** Plain loops of 50 lanes, for contenders that make one request at a time. */
const inLanes =
  (get: (url: string) => Promise<unknown>): Run =>
  async urls => {
    const values: unknown[] = []
    let next = 0
    const lane = async (): Promise<void> => {
      for (let index = next++; index < urls.length; index = next++) values[index] = await get(urls[index] as string)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, lane))
    return values
  }

const body = JSON.stringify(POST_BODY)
const isPost = ({ method }: Shape): boolean => method === 'POST'
const JSON_TYPE = { 'content-type': 'application/json' }
const general = ({ wire, extra }: Shape): boolean => wire !== 'h2' && extra === undefined
/** Not `new URL()`, so that the bare contenders pay for as little as possible. */
const pathAt = (url: string): number => url.indexOf('/', 'https://'.length)

async function ours(shape: Shape): Promise<Run> {
  const { ParallelRequests } = await import('../../dist/index.js')
  const client = new ParallelRequests({
    concurrency: CONCURRENCY,
    maxRetries: 3,
    timeout: '30s',
    perHost: { concurrency: CONCURRENCY },
    ...(shape.extra !== 'no rate' && { rateLimit: { limit: 10_000_000, interval: '1m', burst: 10_000_000 } }),
    http2: shape.wire === 'h2',
  })
  const spec = (url: string) => (isPost(shape) ? { url, method: 'POST' as const, json: POST_BODY } : url)
  if (shape.extra === 'stream') {
    return async urls => {
      const values: unknown[] = []
      for await (const { ok, index, value } of client.stream(urls)) if (ok) values[index] = value
      return values
    }
  }
  let runs = 0
  const schema = shape.extra === 'schema' ? await personSchema() : undefined
  return urls =>
    client.request(urls.map(spec), {
      ...(shape.extra === 'run file' && { resume: `run-${runs++}.jsonl` }),
      ...(schema !== undefined && { schema }),
    }) as Promise<unknown[]>
}

async function personSchema() {
  const v = await import('valibot')
  return v.object({
    id: v.number(),
    name: v.string(),
    owner: v.string(),
    stars: v.number(),
    topics: v.array(v.string()),
  })
}

/** A Pool for one host, an Agent for many. */
async function bareDispatch(shape: Shape): Promise<Run> {
  const { Agent: Undici, Pool } = await import('undici')
  const pool = { connections: CONCURRENCY, pipelining: 1 }
  const options = isPost(shape) ? { method: 'POST' as const, body, headers: JSON_TYPE } : { method: 'GET' as const }
  const reset = shape.wire === 'close' ? { reset: true } : {}
  let dispatcher: import('undici').Dispatcher | undefined
  return urls => {
    const first = urls[0] as string
    dispatcher ??= shape.hosts === undefined ? new Pool(first.slice(0, pathAt(first)), pool) : new Undici(pool)
    const open = dispatcher
    const get = (url: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = []
        open.dispatch(
          { origin: url.slice(0, pathAt(url)), path: url.slice(pathAt(url)), ...options, ...reset },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData: (_controller, chunk) => void chunks.push(chunk),
            onResponseEnd: () => resolve(JSON.parse(joined(chunks).toString())),
            onResponseError: (_controller, error) => reject(error),
          },
        )
      })
    return inLanes(get)(urls)
  }
}

const joined = (chunks: readonly Buffer[]): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)

async function undiciRequest(shape: Shape): Promise<Run> {
  const { Agent: Undici, request } = await import('undici')
  const dispatcher = new Undici({ connections: CONCURRENCY })
  const options = isPost(shape) ? { method: 'POST' as const, body, headers: JSON_TYPE } : {}
  return inLanes(async url =>
    (await request(url, { dispatcher, reset: shape.wire === 'close', ...options })).body.json(),
  )
}

async function fetchWithLimit(shape: Shape): Promise<Run> {
  const { default: pLimit } = await import('p-limit')
  const limit = pLimit(CONCURRENCY)
  const headers = { ...(isPost(shape) && JSON_TYPE), ...(shape.wire === 'close' && { connection: 'close' }) }
  const init = isPost(shape) ? { method: 'POST', body, headers } : { headers }
  return urls => Promise.all(urls.map(url => limit(async () => (await fetch(url, init)).json() as Promise<unknown>)))
}

async function kyWithQueue(shape: Shape): Promise<Run> {
  const [{ default: ky }, { default: Queue }] = await Promise.all([import('ky'), import('p-queue')])
  const queue = new Queue({ concurrency: CONCURRENCY })
  const headers = shape.wire === 'close' ? { connection: 'close' } : {}
  const get = (url: string): Promise<unknown> =>
    isPost(shape) ? ky.post(url, { json: POST_BODY, headers }).json() : ky.get(url, { headers }).json()
  return urls => Promise.all(urls.map(url => queue.add(() => get(url)))) as Promise<unknown[]>
}

async function gotWithLimit(shape: Shape): Promise<Run> {
  const [{ default: got }, { default: pLimit }] = await Promise.all([import('got'), import('p-limit')])
  const limit = pLimit(CONCURRENCY)
  const agent = { http: new Agent(agentOptions(shape)), https: new SecureAgent(agentOptions(shape)) }
  const client = got.extend({ agent })
  const get = (url: string): Promise<unknown> =>
    isPost(shape) ? client.post(url, { json: POST_BODY }).json() : client.get(url).json()
  return urls => Promise.all(urls.map(url => limit(() => get(url))))
}

const agentOptions = ({ wire }: Shape) => ({ keepAlive: wire !== 'close', maxSockets: CONCURRENCY })

async function axiosWithLimit(shape: Shape): Promise<Run> {
  const [{ default: axios }, { default: pLimit }] = await Promise.all([import('axios'), import('p-limit')])
  const limit = pLimit(CONCURRENCY)
  const agents = { httpAgent: new Agent(agentOptions(shape)), httpsAgent: new SecureAgent(agentOptions(shape)) }
  const get = async (url: string): Promise<unknown> =>
    (await (isPost(shape) ? axios.post(url, POST_BODY, agents) : axios.get(url, agents))).data as unknown
  return urls => Promise.all(urls.map(url => limit(() => get(url))))
}

async function nodeHttp(shape: Shape): Promise<Run> {
  const isSecure = shape.wire === 'tls'
  const agent = isSecure ? new SecureAgent(agentOptions(shape)) : new Agent(agentOptions(shape))
  const send = isSecure ? nodeSecureRequest : nodeRequest
  const options = isPost(shape) ? { method: 'POST', headers: { ...JSON_TYPE, 'content-length': body.length } } : {}
  return inLanes(
    url =>
      new Promise((resolve, reject) => {
        const request = send(url, { agent, ...options }, (response: IncomingMessage) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => void chunks.push(chunk))
          response.on('end', () => resolve(JSON.parse(joined(chunks).toString())))
        })
        request.on('error', reject)
        request.end(isPost(shape) ? body : undefined)
      }),
  )
}

/** The floor: writes a request, looks for the empty line, parses the rest. It trusts the server with everything. */
async function rawSockets(): Promise<Run> {
  const idle = new Map<string, RawSocket[]>()
  return inLanes(async url => {
    const host = url.slice('http://'.length, pathAt(url))
    let sockets = idle.get(host)
    if (sockets === undefined) idle.set(host, (sockets = []))
    const send = sockets.pop() ?? (await openRaw(host))
    const value = await send(url.slice(pathAt(url)))
    sockets.push(send)
    return value
  })
}

/** Sends a GET for the path, and resolves with the parsed body. */
type RawSocket = (path: string) => Promise<unknown>

const RAW_BUFFER = Buffer.allocUnsafeSlow(65_536)

function openRaw(host: string): Promise<RawSocket> {
  const [hostname, port] = host.split(':') as [string, string]
  return new Promise((resolve, reject) => {
    let done: (value: unknown) => void = () => undefined
    const callback = (length: number): boolean => {
      const bodyAt = RAW_BUFFER.toString('latin1', 0, length).indexOf('\r\n\r\n') + 4
      done(JSON.parse(RAW_BUFFER.toString('utf8', bodyAt, length)))
      return true
    }
    const socket = connect({ host: hostname, port: Number(port), onread: { buffer: RAW_BUFFER, callback } })
    const send: RawSocket = path =>
      new Promise(settle => {
        done = settle
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'latin1')
      })
    socket.on('error', reject)
    socket.on('connect', () => resolve(send))
  })
}

/** Node's own HTTP/2, one session. */
async function bareHttp2(): Promise<Run> {
  const { connect: connectHttp2 } = await import('node:http2')
  let session: import('node:http2').ClientHttp2Session | undefined
  return urls => {
    const first = urls[0] as string
    session ??= connectHttp2(first.slice(0, pathAt(first)))
    const open = session
    const get = (url: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const stream = open.request({ ':path': url.slice(pathAt(url)) })
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
        stream.on('end', () => resolve(JSON.parse(joined(chunks).toString())))
        stream.on('error', reject)
      })
    return inLanes(get)(urls)
  }
}

const isSimple = (shape: Shape): boolean =>
  general(shape) && shape.answer === 'small' && (shape.wire ?? 'fast') === 'fast' && !isPost(shape)
const notGzip = (shape: Shape): boolean => general(shape) && shape.answer !== 'gzip'

/** The first one that can run a shape is what the others are compared with. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'undici dispatch + JSON.parse',
    // The base of the shapes that only ours can run, too.
    can: ({ wire, answer }) => wire !== 'h2' && answer !== 'gzip',
    prepare: bareDispatch,
  },
  {
    name: 'node:http2 + JSON.parse',
    can: ({ wire, extra }) => wire === 'h2' && extra === undefined,
    prepare: bareHttp2,
  },
  { name: 'parallel-requests', can: () => true, prepare: ours },
  { name: 'undici.request', can: notGzip, prepare: undiciRequest },
  { name: 'fetch + p-limit', can: general, prepare: fetchWithLimit },
  { name: 'ky + p-queue', can: general, prepare: kyWithQueue },
  { name: 'got + p-limit', can: general, prepare: gotWithLimit },
  { name: 'axios + p-limit', can: general, prepare: axiosWithLimit },
  { name: 'node:http', can: notGzip, prepare: nodeHttp },
  { name: 'raw sockets (the floor)', can: isSimple, prepare: rawSockets },
]
