/** Where a worker listens: `:9000` on all interfaces, as a probe of Kubernetes or Prometheus comes from outside. */
export interface ProbeAddress {
  /** Undefined: all interfaces. */
  readonly host: string | undefined
  readonly port: number
}

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/i
const MOST = 65_535

/** Undefined if it is neither `:PORT` nor `HOST:PORT`. Port 0 takes a free one. */
export function readAddress(text: string): ProbeAddress | undefined {
  const [, six, name, digits] = ADDRESS.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > MOST) return undefined
  const host = six ?? name
  return { host: host === '' ? undefined : host, port }
}
