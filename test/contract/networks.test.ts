import { describe, expect, it } from 'vitest'
import { compileNetworks, parseNetwork, plainAddress } from '../../contract/networks.ts'

describe('an address is in a network', () => {
  it.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '::FFFF:a01:203', true],
    ['10.0.0.0/8', '::ffff:11.0.0.1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:DB8:0:1::1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::/0', '2001:db8::1', true],
    // Of two families: whoever opens the gateway to IPv6 has not opened it to IPv4.
    ['::/0', '10.0.0.1', false],
    ['::/64', '::ffff:10.0.0.1', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
  ])('%s holds %s: %s [S3-36]', (network, address, expected) => {
    expect(compileNetworks([network])(plainAddress(address) ?? '')).toBe(expected)
  })
})

describe('a network is refused that could be meant otherwise', () => {
  it.each([
    ['', /is no network/],
    ['10.0.0/8', /is no network/],
    ['010.0.0.0/8', /is no network/],
    [' 10.0.0.0/8', /is no network/],
    ['10.0.0.0/8/8', /is no network/],
    ['proxy.internal', /is no network/],
    ['2001:db8::g/32', /is no network/],
    ['10.0.0.0/', /prefix length from 0 to 32/],
    ['10.0.0.0/33', /prefix length from 0 to 32/],
    ['10.0.0.0/08', /prefix length from 0 to 32/],
    ['10.0.0.0/-1', /prefix length from 0 to 32/],
    ['10.0.0.0/8.0', /prefix length from 0 to 32/],
    ['2001:db8::/129', /prefix length from 0 to 128/],
    ['10.1.2.3/8', /bits beyond its prefix of 8/],
    ['2001:db8::1/32', /bits beyond its prefix of 32/],
    ['::10.0.0.1/64', /bits beyond its prefix of 64/],
    ['::ffff:10.0.0.0/104', /IPv4 address in IPv6 notation: write "10.0.0.0"/],
    ['fe80::%eth0/64', /has a zone/],
    ['fe80::1%eth0', /has a zone/],
  ])('%j', (entry, message) => {
    expect(() => parseNetwork(entry)).toThrow(message)
  })
})
