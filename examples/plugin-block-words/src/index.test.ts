import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runPlugin, testCall } from 'gatehouse/plugin-sdk/testing'
import blockWords from './index.ts'

const config = { words: ['falcon', 'project blue'] }

function saying(content: string) {
  return testCall({ body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content }] } })
}

test('lets a call without blocked words through, unchanged', async () => {
  const call = saying('What do falconers feed their birds?')
  const { denied, upstream } = await runPlugin(blockWords, { config, call })
  assert.equal(denied, undefined)
  assert.equal(upstream?.body, call.body)
})

for (const content of ['Tell me about FALCON.', 'Who leads Project Blue?']) {
  test(`refuses "${content}" before the provider is asked`, async () => {
    const { denied, upstream } = await runPlugin(blockWords, { config, call: saying(content) })
    assert.equal(denied?.code, 'compliance_violation')
    assert.equal(denied?.status, 403)
    assert.equal(upstream, undefined)
  })
}

test('sees through JSON escapes', async () => {
  const call = testCall({ body: '{"messages":[{"content":"\\u0066alcon"}]}' })
  const { denied } = await runPlugin(blockWords, { config, call })
  assert.equal(denied?.code, 'compliance_violation')
})

test('says what is configured', async () => {
  const run = await runPlugin(blockWords, {
    config: { ...config, message: 'Ask legal first' },
    call: saying('falcon'),
  })
  assert.equal(run.denied?.message, 'Ask legal first')
})

test('refuses a configuration without words', async () => {
  await assert.rejects(runPlugin(blockWords, { config: { words: [] } }), /words/)
})
