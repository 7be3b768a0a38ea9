import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseAddress, specialRangeOf } from '../../src/transport/address.ts'
import { fc } from '../support/property.ts'

describe('specialRangeOf', () => {
  it.each([
    // First and last address of each network, from the IANA registries.
    ['0.0.0.0', 'this network'],
    ['0.255.255.255', 'this network'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.0', 'shared (CGNAT)'],
    ['100.100.100.200', 'shared (CGNAT)'],
    ['100.127.255.255', 'shared (CGNAT)'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['168.63.129.16', 'cloud metadata'],
    ['169.254.169.254', 'link-local'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', 'reserved'],
    ['192.168.0.0', 'private'],
    ['192.168.255.255', 'private'],
    ['198.18.0.0', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.7', 'documentation'],
    ['203.0.113.255', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.0', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::7f00:1', 'loopback, as 127.0.0.1'],
    ['::ffff:7f00:1', 'loopback, as 127.0.0.1'],
    ['::FFFF:10.0.0.1', 'private, as 10.0.0.1'],
    ['::ffff:0:127.0.0.1', 'loopback, as 127.0.0.1'],
    ['64:ff9b::a9fe:a9fe', 'link-local, as 169.254.169.254'],
    ['64:ff9b::192.168.1.1', 'private, as 192.168.1.1'],
    ['64:ff9b:1::808:808', 'private (NAT64)'],
    ['100::1', 'discard-only'],
    ['2001::1', 'reserved'],
    ['2001:1ff:ffff::', 'reserved'],
    ['2001:db8::1', 'documentation'],
    ['3fff:fff::1', 'documentation'],
    ['2002:7f00:1::', 'loopback, as 127.0.0.1'],
    ['2002:a00:1::1', 'private, as 10.0.0.1'],
    ['fc00::1', 'private (unique local)'],
    ['fd00:ec2::254', 'private (unique local)'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['1000::1', 'reserved'],
    ['fe80::1%eth0', 'scoped'],
    ['2606:4700::1111%lo', 'scoped'],
    ['', 'no address'],
    ['example.com', 'no address'],
    ['127.1', 'no address'],
    ['0127.0.0.1', 'no address'],
    ['1.2.3.256', 'no address'],
    ['1.2.3.4.5', 'no address'],
    [':::1', 'no address'],
    ['1::2::3', 'no address'],
    ['1:2:3:4:5:6:7:8::', 'no address'],
    ['12345::', 'no address'],
    ['::1.2.3.4:5', 'no address'],
  ])('%s is not public: %s', (address, range) => {
    expect(specialRangeOf(address)).toBe(range)
  })

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '168.63.129.15',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2620:4f:8000::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('%s is public', address => {
    expect(specialRangeOf(address)).toBeUndefined()
  })
})

describe('parseAddress', () => {
  it('reads every form of an IPv6 address as the bytes that it was made from', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), fc.nat(7), (bytes, upper, from) => {
        const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
        const full = groups.map(group => group.toString(16)).join(':')
        // `new URL` writes the shortest form.
        const forms = [full, new URL(`http://[${full}]/`).hostname.slice(1, -1)]
        const cased = upper ? forms.map(form => form.toUpperCase()) : forms
        for (const form of cased) expect([...(parseAddress(form) ?? [])]).toEqual([...bytes])
        const broken = full.split(':').toSpliced(from, 1).join(':')
        expect(parseAddress(broken)).toBeUndefined()
      }),
      { numRuns: 1_000 },
    )
  })

  it('accepts what Node accepts as an address, and nothing else', () => {
    const character = fc.constantFrom(...'0123456789abcf:.g'.split(''))
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 20 }), text => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0)
      }),
      { numRuns: 20_000 },
    )
  })
})
