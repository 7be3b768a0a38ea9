/**
 * Which addresses are not part of the public Internet: loopback, private networks, link-local (including cloud
 * metadata), shared, reserved and multicast. Decided on the bytes of an address, because text has too many forms.
 *
 * Follows the IANA special-purpose registries (RFC 6890 and its updates). In IPv6 only 2000::/3 is global. An IPv4
 * address inside an IPv6 one (mapped, NAT64, 6to4) is judged itself.
 */

/** Network, and its common name. The first match counts. */
const RANGES_4: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared (CGNAT)'],
  ['127.0.0.0/8', 'loopback'],
  // A public address, but Azure serves the metadata of the machine here.
  ['168.63.129.16/32', 'cloud metadata'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
]

const RANGES_6: readonly (readonly [string, string])[] = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['64:ff9b:1::/48', 'private (NAT64)'],
  ['100::/64', 'discard-only'],
  // Teredo, ORCHID, benchmarking and others: protocols, not hosts.
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['fc00::/7', 'private (unique local)'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
]

/** Prefixes that contain an IPv4 address, and its offset. `::/96` (IPv4-compatible) comes after `::` and `::1`. */
const EMBEDDING: readonly (readonly [string, number])[] = [
  ['::ffff:0:0/96', 12],
  ['::ffff:0:0:0/96', 12],
  ['::/96', 12],
  ['64:ff9b::/96', 12],
  ['2002::/16', 2],
]

interface Network {
  readonly bytes: Uint8Array
  readonly bits: number
}

/** Why this address is not public; undefined if it is. Strings that are not IP addresses count as non-public. */
export function specialRangeOf(address: string): string | undefined {
  const zoneAt = address.indexOf('%')
  // A zone names an interface of this machine.
  if (zoneAt !== -1) return 'scoped'
  const bytes = parseAddress(address)
  if (bytes === undefined) return 'no address'
  return bytes.length === 4 ? networkName(bytes, networks4) : range6Of(bytes)
}

function range6Of(bytes: Uint8Array): string | undefined {
  const own = networkName(bytes, networks6)
  if (own !== undefined) return own
  for (const [network, at] of embedding) {
    if (!isWithin(bytes, network)) continue
    const inner = bytes.subarray(at, at + 4)
    const range = networkName(inner, networks4)
    return range && `${range}, as ${inner.join('.')}`
  }
  return isWithin(bytes, GLOBAL_UNICAST) ? undefined : 'reserved'
}

function networkName(bytes: Uint8Array, networks: readonly (readonly [Network, string])[]): string | undefined {
  return networks.find(([network]) => isWithin(bytes, network))?.[1]
}

function isWithin(bytes: Uint8Array, { bytes: prefix, bits }: Network): boolean {
  for (let at = 0; at * 8 < bits; at++) {
    const mask = bits - at * 8 >= 8 ? 0xff : (0xff << (8 - (bits - at * 8))) & 0xff
    if (((bytes[at] ?? 0) & mask) !== ((prefix[at] ?? 0) & mask)) return false
  }
  return true
}

/** Six groups and four decimals. Longer text is not an address. */
const LONGEST = 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'.length

/**
 * 4 or 16 bytes. Undefined for everything but dotted decimals and RFC 4291 §2.2, as resolvers and `new URL` write them.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > LONGEST) return undefined
  return text.includes(':') ? parse6(text) : parse4(text)
}

function parse4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined
  }
  return Uint8Array.from(parts, Number)
}

function parse6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(sideBytes)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? Uint8Array.from(head) : undefined
  const gap = 16 - head.length - tail.length
  // `::` stands for at least one group.
  if (gap < 2) return undefined
  return Uint8Array.from([...head, ...Array.from({ length: gap }, () => 0), ...tail])
}

/** The bytes of one side of `::`, which may end with a dotted IPv4 address. */
function sideBytes(side: string): number[] | undefined {
  if (side === '') return []
  const bytes: number[] = []
  const groups = side.split(':')
  for (const [index, group] of groups.entries()) {
    if (group.includes('.') && index === groups.length - 1) {
      const last = parse4(group)
      if (last === undefined) return undefined
      bytes.push(...last)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    }
  }
  return bytes
}

function networkOf(cidr: string): Network {
  const [address = '', bits] = cidr.split('/')
  return { bytes: parseAddress(address) as Uint8Array, bits: Number(bits) }
}

const networks4 = RANGES_4.map(([cidr, name]) => [networkOf(cidr), name] as const)
const networks6 = RANGES_6.map(([cidr, name]) => [networkOf(cidr), name] as const)
const embedding = EMBEDDING.map(([cidr, at]) => [networkOf(cidr), at] as const)
const GLOBAL_UNICAST = networkOf('2000::/3')
