import { describe, expect, it } from 'vitest'
import { compileReach } from '../../../control-plane/sign-in/reachable-addresses.ts'

describe('an address may be spoken to', () => {
  it.each([
    ['8.8.8.8', [], 'public'],
    ['2606:4700::1111', [], 'public'],
    ['::ffff:8.8.8.8', [], 'public'],
    ['10.1.2.3', ['10.0.0.0/8'], 'trusted'],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], 'trusted'],
    ['fd12::1', ['fd12::/16'], 'trusted'],
    ['127.0.0.1', ['127.0.0.0/8'], 'trusted'],
    ['169.254.1.1', ['169.254.0.0/16'], 'trusted'],
    ['64:ff9b::808:808', ['64:ff9b::/96'], 'trusted'],
    ['8.8.8.8', ['8.8.8.8'], 'trusted'],
  ])('%s with %j trusted: %s', (address, trusted, found) => {
    expect(compileReach(trusted)(address)).toBe(found)
  })
})

describe('without a trusted network nothing is said to', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '169.254.1.1',
    '192.0.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'localhost',
    'x',
    '',
  ])('%s', (address) => {
    expect(compileReach([])(address)).toBe('refused')
    expect(compileReach(['203.0.113.0/24'])(address)).toBe('refused')
  })
})

describe('not even a trusted network makes reachable what gives credentials to the machine', () => {
  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('%s', (address) => {
    expect(compileReach(['0.0.0.0/0', '::/0'])(address)).toBe('refused')
    expect(compileReach(['169.254.169.254'])(address)).toBe('refused')
  })
})
