import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../environment/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ dataPlanes: 2 })
})
afterAll(() => gateway.stop())

it('serves the same key on every data plane, and again after a restart', async () => {
  const ask = (url: string) =>
    new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: gateway.demo.virtualKey,
      maxRetries: 0,
    }).chat.completions.create({
      model: 'demo-chat',
      messages: [{ role: 'user', content: 'Hello' }],
    })
  const answers = await Promise.all(gateway.dataPlanes.map(({ url }) => ask(url)))
  expect(new Set(answers.map(({ choices }) => choices[0]?.message.content)).size).toBe(1)
  const restarted = await gateway.restartDataPlane(0)
  await ask(restarted.url)
})

it('answers GraphQL with the admin token, and nobody without', async () => {
  const mine = await gateway.graphql<{ viewer: { id: string } }>('{ viewer { id } }')
  expect(mine.data?.viewer.id).toBeTruthy()
  const stranger = await gateway.graphql('{ viewer { id } }', {}, 'ghat.no.no.no')
  expect(stranger.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
})
