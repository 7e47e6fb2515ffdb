import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemActor } from '../../control-plane/actor.ts'
import { createEnrolmentToken } from '../../control-plane/modules/data-planes/index.ts'
import { createModel } from '../../control-plane/modules/models/service.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import { PlaneProcess } from '../environment/plane-process.ts'
import { eventually } from '../transport/poll.ts'

const paced = 'demo-pace-100'
/** Beyond what finishing the calls may take. */
const limitMs = 15_000

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ dataPlanes: 0 })
  const { services } = gateway.controlPlane
  const [provider] = await services.database.transaction(gateway.organizationId, (em) =>
    em.execute<{ id: string }[]>('select id from providers'),
  )
  const prices = { inputNanoUsdPerMillionTokens: 150_000_000n, outputNanoUsdPerMillionTokens: 600_000_000n }
  const model = { providerId: provider?.id ?? '', name: paced, maxOutputTokens: 100, prices }
  await createModel(services, systemActor(gateway.organizationId), model)
}, 60_000)
afterAll(() => gateway.stop())

async function startDataPlane(name: string, environment: Record<string, string> = {}): Promise<PlaneProcess> {
  const { services } = gateway.controlPlane
  const actor = systemActor(gateway.organizationId)
  const { token } = await createEnrolmentToken(services, actor, { ttlSeconds: 600 })
  return new PlaneProcess('data-plane', {
    REDIS_URL: gateway.redisUrl,
    CONTROL_PLANE_URL: gateway.controlPlane.url,
    GATEHOUSE_ENROLMENT_TOKEN: token,
    GATEHOUSE_STATE_DIR: join(gateway.directory, name),
    DATA_PLANE_NAME: name,
    DATA_PLANE_PORT: '0',
    DATA_PLANE_STATUS_PORT: '0',
    ...environment,
  })
}

/** A stream of one part each tenth of a second; resolves once its first part has come. */
async function beginCall(url: string, parts = 20): Promise<{ readonly rest: Promise<string> }> {
  const ask = () =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.demo.virtualKey}` },
      body: JSON.stringify({
        model: paced,
        stream: true,
        max_tokens: parts,
        messages: [{ role: 'user', content: 'Tell me a story' }],
      }),
    })
  const response = await eventually('the data plane serves', async () => {
    const answer = await ask()
    if (answer.ok) return answer
    await answer.arrayBuffer()
    return undefined
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) throw new Error('an answer without a body')
  const { value: first = '' } = await reader.read()
  const readOn = async () => {
    let text = first
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    return text
  }
  return { rest: readOn() }
}

async function recordedOutcomes(): Promise<string[]> {
  const { database } = gateway.controlPlane
  const rows = await database.transaction(gateway.organizationId, (em) =>
    em.execute<{ outcome: string }[]>('select outcome from usage_records where requested_model = ?', [paced]),
  )
  return rows.map(({ outcome }) => outcome)
}

const isSuccess = (outcome: string) => outcome === 'succeeded'

describe('a data plane that is asked to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s finishes the call under way, ships its record and exits with 0',
    async (signal) => {
      const dataPlane = await startDataPlane(signal)
      try {
        const { rest } = await beginCall(await dataPlane.url())
        const before = (await recordedOutcomes()).filter(isSuccess).length
        const ended = dataPlane.end(signal, limitMs)
        expect(await rest).toMatch(/data: \[DONE\]\s*$/)
        expect(await ended, dataPlane.output).toBe(0)
        expect(dataPlane.output).not.toContain('a step of the shutdown failed')
        await eventually('the call is recorded', async () => {
          const succeeded = (await recordedOutcomes()).filter(isSuccess)
          return succeeded.length > before || undefined
        })
      } finally {
        await dataPlane.end('SIGKILL', limitMs)
      }
    },
  )

  it('says so to whoever asks for its readiness, while it still takes calls', async () => {
    const dataPlane = await startDataPlane('noticed', { GATEHOUSE_DRAIN_NOTICE_SECONDS: '6' })
    try {
      const [url, statusUrl] = [await dataPlane.url(), await dataPlane.statusUrl()]
      const { rest } = await beginCall(url)
      const ready = async () => {
        const answer = await fetch(`${statusUrl}/readyz`)
        return [answer.status, ((await answer.json()) as { status: string }).status]
      }
      expect(await ready()).toEqual([200, 'ready'])
      const ended = dataPlane.end('SIGTERM', limitMs)
      await eventually('it is not ready', async () => (await ready())[0] === 503 || undefined)
      expect(await ready()).toEqual([503, 'draining'])
      const late = await beginCall(url, 5)
      expect(await late.rest).toMatch(/data: \[DONE\]\s*$/)
      expect(await rest).toMatch(/data: \[DONE\]\s*$/)
      expect(await ended, dataPlane.output).toBe(0)
    } finally {
      await dataPlane.end('SIGKILL', limitMs)
    }
  })

  it('breaks off a stream that takes too long with an error that its caller can read, and records it', async () => {
    const dataPlane = await startDataPlane('impatient', { GATEHOUSE_DRAIN_SECONDS: '1' })
    try {
      const { rest } = await beginCall(await dataPlane.url(), 60)
      const ended = dataPlane.end('SIGTERM', limitMs)
      const text = await rest
      expect(text).not.toContain('[DONE]')
      const last = text
        .trim()
        .split('\n\n')
        .at(-1)
        ?.replace(/^data: /, '')
      expect(JSON.parse(last ?? '')).toMatchObject({ error: { type: 'shutting_down' } })
      expect(await ended, dataPlane.output).toBe(0)
      await eventually(
        'the call is recorded',
        async () => (await recordedOutcomes()).includes('failed') || undefined,
      )
    } finally {
      await dataPlane.end('SIGKILL', limitMs)
    }
  })
})
