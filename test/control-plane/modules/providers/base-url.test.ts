import { describe, expect, it } from 'vitest'
import { checkBaseUrl } from '../../../../control-plane/modules/providers/base-url.ts'

const check = (url: string, allowPrivateNetwork = false) =>
  checkBaseUrl('baseUrl', url, { allowPrivateNetwork })

describe('a provider’s base URL', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    ['HTTPS://API.Example.com', 'https://api.example.com'],
    ['https://8.8.8.8:8443/v1', 'https://8.8.8.8:8443/v1'],
    ['https://[2606:4700::1111]/v1', 'https://[2606:4700::1111]/v1'],
  ])('%s is public and kept as %s', (url, kept) => {
    expect(check(url)).toBe(kept)
  })

  it.each([
    'https://localhost/v1',
    'https://localhost./v1',
    'https://api.localhost',
    'https://redis',
    'https://metadata.google.internal',
    'https://127.0.0.1',
    'https://2130706433',
    'https://0x7f.1',
    'https://0.0.0.0',
    'https://10.1.2.3',
    'https://100.64.0.1',
    'https://169.254.169.254/latest',
    'https://172.31.255.255',
    'https://192.168.0.1',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:a9fe:a9fe]',
    'https://[64:ff9b::7f00:1]',
    'https://[fd00::1]',
    'https://[fe80::1]',
    'https://[fd00:ec2::254]',
  ])('%s is private, so it needs allowPrivateNetwork', (url) => {
    expect(() => check(url)).toThrow(/baseUrl: .* private network: set allowPrivateNetwork/)
    expect(check(url, true)).toMatch(/^https:/)
  })

  it('plain http stays in a private network, for credentials travel with it', () => {
    expect(() => check('http://api.example.com', true)).toThrow(/use https/)
    expect(check('http://127.0.0.1:4010/v1', true)).toBe('http://127.0.0.1:4010/v1')
  })

  it.each([
    ['ftp://example.com', /http or https URL/],
    ['file:///etc/passwd', /http or https URL/],
    ['example.com', /http or https URL/],
    ['https://user:secret@example.com', /user or password/],
    ['https://example.com/v1?key=1', /query or a fragment/],
    ['https://example.com/v1?', /query or a fragment/],
    ['https://example.com/#', /query or a fragment/],
    [`https://example.com/${'a'.repeat(3000)}`, /at most 2048/],
  ])('%s is refused with the reason', (url, reason) => {
    expect(() => check(url)).toThrow(reason)
  })
})
