import { createHash } from 'node:crypto'
import type { UpstreamRequest } from 'gatehouse/plugin-sdk'
import type { HeaderFilter } from 'gatehouse/plugin-sdk/builtin'
import { neverForwarded } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import headerFilter from '../../../plugins/header-filter/index.ts'
import { FakeCall } from '../fake-call.ts'
import { configuration } from '../fake-configuration.ts'
import { fakeHost } from '../fake-host.ts'
import { refusalOf } from '../refusal.ts'

type Headers = readonly (readonly [name: string, value: string])[]

async function forward(filter: Partial<HeaderFilter>, headers: Headers) {
  const { host } = fakeHost()
  const stage = headerFilter.setup({}, host)
  const call = new FakeCall({ headers, configuration: configuration({ headerFilter: filter }) })
  const request: UpstreamRequest = { provider: 'acme', model: 'small', headers: {}, body: call.body }
  await stage.onCall?.(call)
  await stage.onUpstream?.(call, request)
  return { sent: request.headers, trail: call.headerTrail }
}

const namesSent = async (filter: Partial<HeaderFilter>, headers: Headers) =>
  Object.keys((await forward(filter, headers)).sent)

describe('a header for the provider loses its prefix on the way [S1-38]', () => {
  it('and its value stays', async () => {
    const { sent } = await forward({ allowlist: ['anthropic-beta'] }, [
      ['X-BF-EH-Anthropic-Beta', 'tools-2024'],
    ])
    expect(sent).toEqual({ 'anthropic-beta': 'tools-2024' })
  })

  it('values of one name are appended in order; an empty name is skipped [X1-04]', async () => {
    const headers: Headers = [
      ['x-bf-eh-a', '1'],
      ['x-bf-eh-', 'nameless'],
      ['X-Bf-Eh-A', '2'],
    ]
    expect(await forward({}, headers)).toMatchObject({ sent: { a: '1, 2' }, trail: { dropped: [] } })
  })
})

describe('the allowlist [S1-39, C3, C4]', () => {
  const headers: Headers = [
    ['x-bf-eh-anthropic-beta', 'b'],
    ['x-bf-eh-x-trace-id', 't'],
    ['x-bf-eh-other', 'o'],
  ]

  it.each<[string, readonly string[] | null, string[]]>([
    ['null admits all', null, ['anthropic-beta', 'x-trace-id', 'other']],
    ['[] admits none', [], []],
    ['names admit themselves', ['x-trace-id'], ['x-trace-id']],
    ['names may have the prefix and any case', ['X-BF-EH-Anthropic-Beta'], ['anthropic-beta']],
    ['a trailing * admits all that begin so', ['anthropic-*'], ['anthropic-beta']],
    ['a bare * admits all', ['*'], ['anthropic-beta', 'x-trace-id', 'other']],
  ])('%s', async (_, allowlist, expected) => {
    expect(await namesSent({ allowlist }, headers)).toEqual(expected)
  })
})

describe('the denylist', () => {
  it('wins over the allowlist [S1-40]', async () => {
    const filter = { allowlist: ['cookie-like'], denylist: ['x-bf-eh-cookie-like'] }
    expect(await namesSent(filter, [['x-bf-eh-cookie-like', 'c']])).toEqual([])
  })

  it('holds without an allowlist [S1-41]', async () => {
    const headers: Headers = [
      ['x-bf-eh-foo', 'f'],
      ['x-bf-eh-bar', 'b'],
    ]
    expect(await namesSent({ denylist: ['foo'] }, headers)).toEqual(['bar'])
    expect(await namesSent({ denylist: ['FO*'] }, headers)).toEqual(['bar'])
  })

  it.each([...neverForwarded, 'x-bf-vk', 'x-bf-anything', 'x-bf-eh-nested'])(
    'the built-in one keeps %s whatever the lists say [S1-27, S1-41]',
    async (name) => {
      const { sent, trail } = await forward({ allowlist: ['*', name] }, [[`x-bf-eh-${name}`, 'v']])
      expect(sent).toEqual({})
      expect(trail?.dropped).toEqual([name])
    },
  )

  it('knows a name by its twin with underscores', async () => {
    const headers: Headers = [['x-bf-eh-x_api_key', 'sk']]
    expect(await namesSent({ allowlist: ['x_api_key', '*'] }, headers)).toEqual([])
    expect(await namesSent({ denylist: ['my-header'] }, [['x-bf-eh-my_header', 'v']])).toEqual([])
  })
})

describe('headers without the prefix', () => {
  const plain: Headers = [
    ['cookie', 'session=1'],
    ['x-session-token', 's'],
    ['traceparent', '00-1-2-01'],
    ['x-forwarded-for', '10.0.0.1'],
    ['user-agent', 'app/1'],
    ['anthropic-beta', 'b'],
  ]

  it('stay here [S1-43]', async () => {
    expect(await forward({}, plain)).toEqual({ sent: {}, trail: { forwarded: [], dropped: [] } })
    expect(await namesSent({ allowlist: ['*'], forwardDirect: true }, plain)).toEqual([])
    expect(await namesSent({ allowlist: ['anthropic-beta'], forwardDirect: false }, plain)).toEqual([])
  })

  it('go upstream when they are listed and direct forwarding is on [X1-03]', async () => {
    expect(await forward({ allowlist: ['anthropic-beta'], forwardDirect: true }, plain)).toMatchObject({
      sent: { 'anthropic-beta': 'b' },
    })
    expect(await namesSent({ allowlist: ['trace*', 'cookie'], forwardDirect: true }, plain)).toEqual([
      'traceparent',
    ])
  })

  it('never when they are reserved [X1-03]', async () => {
    const filter = { allowlist: ['x-bf-vk', 'x-bf-*'], forwardDirect: true }
    expect(await namesSent(filter, [['x-bf-vk', 'sk-gh-1']])).toEqual([])
  })
})

describe('smuggling [S1-42]', () => {
  it.each(['a\r\nx-evil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb'])('refuses the value %j', async (value) => {
    const refusal = await refusalOf(() => forward({}, [['x-bf-eh-note', value]]))
    expect(refusal).toMatchObject({
      code: 'invalid_request_error',
      status: 400,
      details: { param: 'x-bf-eh-note' },
    })
  })

  it('keeps what Connection names for the next hop, which is us', async () => {
    const headers: Headers = [
      ['Connection', 'keep-alive, X-BF-EH-One, two'],
      ['x-bf-eh-one', '1'],
      ['x-bf-eh-two', '2'],
      ['x-bf-eh-three', '3'],
    ]
    const { sent, trail } = await forward({}, headers)
    expect(sent).toEqual({ three: '3' })
    expect(trail?.dropped).toEqual(['one', 'two'])
  })
})

it('leaves a trail of names and value hashes, never of values [S1-44]', async () => {
  const { trail } = await forward({ denylist: ['secret'] }, [
    ['x-bf-eh-note', 'caf\xe9'],
    ['x-bf-eh-secret', 'value'],
  ])
  const sha256 = createHash('sha256').update(Buffer.from('caf\xe9', 'latin1')).digest('hex')
  expect(trail).toEqual({ forwarded: [{ name: 'note', sha256 }], dropped: ['secret'] })
})
