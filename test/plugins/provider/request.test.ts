import { type BuiltinCall, outputBound } from 'gatehouse/plugin-sdk/builtin'
import { describe, expect, it } from 'vitest'
import { editBody } from '../../../plugins/provider/body-edits.ts'
import { FakeCall } from '../fake-call.ts'
import { refusalOf } from '../refusal.ts'
import { prepareAsk, providerSecret } from './ask.ts'
import { startRawUpstream, wholeAnswer } from './raw-upstream.ts'

const answersOk = () => startRawUpstream((socket) => socket.write(wholeAnswer(200, '{}')))

describe('what leaves is made from scratch [S1-43]', () => {
  it('the credential, what frames the message, and what the header filter chose', async () => {
    const upstream = await answersOk()
    const { answer } = prepareAsk({
      baseUrl: upstream.baseUrl,
      headers: [
        ['authorization', 'Bearer sk-gh-caller'],
        ['cookie', 'session=1'],
        ['traceparent', '00-1'],
      ],
      host: {
        prepareUpstream: (_call, { headers }) => void Object.assign(headers, { 'anthropic-beta': 'b' }),
      },
    })
    await answer()
    const [request] = upstream.requests
    expect(request?.headerNames.toSorted()).toEqual(
      [
        'accept',
        'accept-encoding',
        'anthropic-beta',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
      ].toSorted(),
    )
    expect(request?.headers.get('authorization')).toBe(`Bearer ${providerSecret}`)
  })

  it('a plugin cannot replace the credential or the framing', async () => {
    const upstream = await answersOk()
    const { answer } = prepareAsk({
      baseUrl: upstream.baseUrl,
      host: {
        prepareUpstream: (_call, { headers }) =>
          void Object.assign(headers, { authorization: 'Bearer mine', host: 'evil', 'content-length': '1' }),
      },
    })
    await answer()
    expect(upstream.requests[0]?.headers.get('authorization')).toBe(`Bearer ${providerSecret}`)
    expect(upstream.requests[0]?.headers.get('host')).toMatch(/^127\.0\.0\.1:/)
  })

  it.each([
    ['chat.completions', '/v1/chat/completions'],
    ['completions', '/v1/completions'],
    ['embeddings', '/v1/embeddings'],
    ['responses', '/v1/responses'],
    ['images.generations', '/v1/images/generations'],
  ] as const)('%s is asked at %s, whatever the caller wrote behind its path', async (operation, path) => {
    const upstream = await answersOk()
    await prepareAsk({ baseUrl: upstream.baseUrl, operation, path: `${path}?api_key=1` }).answer()
    expect(upstream.requests[0]).toMatchObject({ method: 'POST', path })
  })

  it.each([
    [0.2, 'pk_light'],
    [0.3, 'pk_heavy'],
  ])('a draw of %d uses the key %s, of those whose secret is here', async (draw, expected) => {
    const upstream = await answersOk()
    const { answer, call } = prepareAsk({
      baseUrl: upstream.baseUrl,
      host: { random: () => draw, credentials: { light: 'secret-light', heavy: 'secret-heavy' } },
      providerKeys: [
        { id: 'pk_absent', weight: 100, credentialId: 'absent', concurrency: null },
        { id: 'pk_light', weight: 1, credentialId: 'light', concurrency: null },
        { id: 'pk_heavy', weight: 3, credentialId: 'heavy', concurrency: null },
      ],
    })
    await answer()
    expect(call.providerKeyId).toBe(expected)
    expect(upstream.requests[0]?.headers.get('authorization')).toBe(
      `Bearer ${expected.replace('pk_', 'secret-')}`,
    )
  })

  it('without any secret nobody is asked', async () => {
    const upstream = await answersOk()
    const refusal = await refusalOf(
      prepareAsk({ baseUrl: upstream.baseUrl, host: { credentials: {} } }).answer,
    )
    expect(refusal).toMatchObject({ code: 'config_unavailable', status: 503 })
    expect(upstream.requests).toEqual([])
  })

  it('a refusal of an onUpstream hook keeps the call here', async () => {
    const upstream = await answersOk()
    const { answer, call } = prepareAsk({
      baseUrl: upstream.baseUrl,
      host: { prepareUpstream: () => Promise.reject(new Error('a plugin failed')) },
    })
    await expect(answer()).rejects.toThrow('a plugin failed')
    expect(upstream.requests).toEqual([])
    expect(call.usage).toBeUndefined()
  })
})

describe('the body', () => {
  const edited = (call: BuiltinCall, upstreamModel = 'small') => editBody(call, upstreamModel).body.toString()

  it('is the very bytes of the caller when there is nothing to change', () => {
    const call = new FakeCall({ body: '{ "model" : "small",\n "unknown": [1.0, 1e3, "\\u00e9"] }' })
    expect(editBody(call, 'small').body).toBe(call.body)
  })

  it('gets the name that the provider knows, and keeps every other byte', () => {
    const body = '{ "unknown": 1.0, "model" : "acme/small" , "x": {"model":"acme/small"} }'
    expect(edited(new FakeCall({ body }))).toBe(
      '{ "unknown": 1.0, "model" : "small" , "x": {"model":"acme/small"} }',
    )
  })

  it.each([
    ['chat.completions', 'max_completion_tokens'],
    ['completions', 'max_tokens'],
    ['responses', 'max_output_tokens'],
  ] as const)('gets the limit that a budget assumes: %s', (operation, name) => {
    const call = new FakeCall({ operation, body: '{"model":"small"}' })
    call.set(outputBound, 4096)
    expect(edited(call)).toBe(`{"${name}":4096,"model":"small"}`)
  })

  it('gets the limit in place of a null, for the last of two members could win', () => {
    const call = new FakeCall({ body: '{"model":"small","max_tokens": null}' })
    call.set(outputBound, 10)
    expect(edited(call)).toBe('{"model":"small","max_tokens": 10}')
  })

  it.each([
    [
      '{"stream":true,"model":"small"}',
      '{"stream_options":{"include_usage":true},"stream":true,"model":"small"}',
    ],
    [
      '{"stream":true,"model":"small","stream_options":{"x":1}}',
      '{"stream":true,"model":"small","stream_options":{"x":1,"include_usage":true}}',
    ],
    [
      '{"stream":true,"model":"small","stream_options":{"include_usage":false}}',
      '{"stream":true,"model":"small","stream_options":{"include_usage":true}}',
    ],
    [
      '{"stream":true,"model":"small","stream_options":null}',
      '{"stream":true,"model":"small","stream_options":{"include_usage":true}}',
    ],
  ])('asks a stream for its usage: %s', (body, expected) => {
    const call = new FakeCall({ body })
    expect(edited(call)).toBe(expected)
    expect(editBody(call, 'small').hidesUsage).toBe(true)
  })

  it('leaves alone a stream that asks itself, and a whole answer', () => {
    const asking = '{"stream":true,"model":"small","stream_options":{"include_usage":true}}'
    expect(editBody(new FakeCall({ body: asking }), 'small')).toMatchObject({ hidesUsage: false })
    expect(edited(new FakeCall({ body: asking }))).toBe(asking)
    expect(
      edited(new FakeCall({ operation: 'responses', body: '{"stream":true,"model":"small"}' })),
    ).not.toContain('stream_options')
  })

  it('takes all edits at once', () => {
    const call = new FakeCall({ body: '{"model":"fast","stream":true,"max_tokens":null}' })
    call.set(outputBound, 5)
    expect(JSON.parse(edited(call, 'small'))).toEqual({
      model: 'small',
      stream: true,
      max_tokens: 5,
      stream_options: { include_usage: true },
    })
  })
})
