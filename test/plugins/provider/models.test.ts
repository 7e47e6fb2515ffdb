import { describe, expect, it } from 'vitest'
import { answerModels } from '../../../plugins/provider/models.ts'
import { FakeCall } from '../fake-call.ts'
import { grant, key, model, provider } from '../fake-configuration.ts'
import { refusalOf } from '../refusal.ts'

const openai = provider('openai', [model('large'), model('small')])
const router = provider('router', [model('meta/llama'), model('small')])
const grants = [grant(openai, ['small']), grant(router)]

function list(path: string, owner = key({ grants })) {
  const call = new FakeCall({ operation: 'models.list', path, key: owner })
  return { reply: call.reply, run: () => answerModels(call) }
}

describe('GET /v1/models', () => {
  it('lists what the key may use, once, in the shape of OpenAI [X0-24]', () => {
    const { reply, run } = list('/v1/models?limit=1')
    run()
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.text)).toEqual({
      object: 'list',
      data: [
        { id: 'meta/llama', object: 'model', created: 0, owned_by: 'router' },
        { id: 'small', object: 'model', created: 0, owned_by: 'openai' },
      ],
    })
  })

  it('lists nothing of a provider that could not be asked', () => {
    const off = provider('off', [model('hidden')], { active: false })
    const { reply, run } = list(
      '/v1/models',
      key({ grants: [grant(off), grant(openai, ['*'], { providerKeys: [] })] }),
    )
    run()
    expect(JSON.parse(reply.text)).toEqual({ object: 'list', data: [] })
  })
})

describe('GET /v1/models/{id}', () => {
  it.each(['/v1/models/meta/llama', '/v1/models/meta%2Fllama?x=1'])('%s', (path) => {
    const { reply, run } = list(path)
    run()
    expect(JSON.parse(reply.text)).toMatchObject({ id: 'meta/llama', object: 'model' })
  })

  it('makes no difference between what does not exist and what the key may not use', async () => {
    const hidden = await refusalOf(list('/v1/models/large').run)
    const missing = await refusalOf(list('/v1/models/absent').run)
    expect(hidden).toMatchObject({ code: 'not_found', status: 404 })
    expect(hidden.message.replace('large', 'absent')).toBe(missing.message)
  })

  it('refuses what is not percent-encoding', async () => {
    expect((await refusalOf(list('/v1/models/%E0%A4%A').run)).code).toBe('invalid_request_error')
  })
})
