import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { eventually } from './gateway.ts'
import { issueKey, setBudget } from './keys.ts'
import type { Plane } from './plane.ts'
import { type Planes, startPlanes } from './planes.ts'
import { answerAs, ask, createModel, spendAtOnce } from './spend-at-once.ts'

let planes: Planes

beforeAll(async () => {
  planes = await startPlanes({ superuserUrl: inject('servers').postgres.superuserUrl, dataPlanes: 2 })
}, 180_000)
afterAll(() => planes?.stop())

// `npm run prove -- --only budget-modes` does it with 1 000 calls on a dollar.
const rush = { limitNanoUsd: 5_000_000, calls: 100, outputTokens: 1_000 }

it('calls at once on two data planes are never billed more than a strict budget', async () => {
  const { served, billedNanoUsd, boundNanoUsd } = await spendAtOnce(planes, { ...rush, mode: 'STRICT' })
  expect(served).toBeGreaterThan(0)
  expect(served).toBeLessThan(rush.calls)
  expect(billedNanoUsd).toBeLessThanOrEqual(rush.limitNanoUsd)
  expect(boundNanoUsd).toBe(0)
}, 120_000)

it('calls that cost more than a balanced budget expected are billed more than it by the bound that was shown at most', async () => {
  const { billedNanoUsd, boundNanoUsd } = await spendAtOnce(planes, { ...rush, mode: 'BALANCED' })
  expect(billedNanoUsd).toBeGreaterThan(rush.limitNanoUsd)
  expect(billedNanoUsd).toBeLessThanOrEqual(rush.limitNanoUsd + boundNanoUsd)
}, 120_000)

const picture = {
  ...{ type: 'image_url' },
  image_url: { url: `data:image/png;base64,${pictureOf(1_024, 1_024, 900_000)}` },
}
const document = { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0xLjc=' } }

/** As large as a photograph; what it shows nobody looks at. */
function pictureOf(width: number, height: number, bytes: number): string {
  const file = Buffer.alloc(bytes, 7)
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(file)
  file.writeUInt32BE(width, 16)
  file.writeUInt32BE(height, 20)
  return file.toString('base64')
}

async function send(secret: string, part: object) {
  const response = await fetch(`${planes.dataPlanes[0]?.address('url')}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      ...{ model: 'demo-chat', max_tokens: 10 },
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, part] }],
    }),
    signal: AbortSignal.timeout(60_000),
  })
  return { status: response.status, text: await response.text() }
}

it('a strict budget of a cent pays for a photograph by its dimensions, and names what it cannot bound', async () => {
  const { id, secret } = await issueKey(planes, planes.demo, { name: 'photographs' })
  await setBudget(planes, id, '10000000', 'STRICT')
  await planes.applied()
  expect((await send(secret, picture)).status).toBe(200)
  const refused = await send(secret, document)
  expect(refused.status).toBe(403)
  expect(JSON.parse(refused.text)).toMatchObject({
    error: { code: 'price_unknown', param: 'messages[0].content[1].file.file_data' },
  })
  expect(refused.text).toContain('a balanced budget would admit it')
}, 120_000)

it('a balanced one admits it', async () => {
  const { id, secret } = await issueKey(planes, planes.demo, { name: 'documents' })
  await setBudget(planes, id, '10000000', 'BALANCED')
  await planes.applied()
  expect((await send(secret, document)).status).toBe(200)
}, 120_000)

interface ShownBudget {
  readonly leased: string
  readonly held: string | null
  readonly overspendBound: string | null
  readonly heldAsOf: string | null
}

async function shownBudget(virtualKeyId: string): Promise<ShownBudget> {
  const { budgetStatus } = await planes.graphql<{
    budgetStatus: { levels: { level: string; budgets: ShownBudget[] }[] }
  }>(
    `query ($owner: PolicyOwnerInput!) { budgetStatus(owner: $owner) { levels { level budgets {
       leased held overspendBound heldAsOf } } } }`,
    { owner: { virtualKeyId } },
  )
  const budget = budgetStatus.levels.find(({ level }) => level === 'VIRTUAL_KEY')?.budgets[0]
  if (!budget) throw new Error('the key has no budget')
  return budget
}

it('the control plane shows what a call under way holds of a budget and may overspend it by, nothing once it has ended, and no figure for a data plane that died', async () => {
  const { id, secret } = await issueKey(planes, planes.demo, { name: 'shown' })
  await setBudget(planes, id, '1000000000', 'BALANCED')
  const model = await createModel(planes, 'shown', 'demo-tokens-1')
  const [plane] = planes.dataPlanes as [Plane]
  const call = (user: string) => ask(plane, secret, { user, maxTokens: 1_000, model: 'shown' })
  for (let index = 0; index < 30; index += 1) await call(`shown-${index}`)
  await answerAs(planes, model, 'demo-slow-15000+tokens-1')
  const shows = (what: (budget: ShownBudget) => boolean, limitMs = 30_000) =>
    eventually(async () => what(await shownBudget(id)), limitMs)

  const answer = call('shown-slow')
  await shows(
    ({ held, leased, overspendBound }) =>
      Number(held) > 0 && Number(held) <= Number(leased) && Number(overspendBound) > 0,
  )
  expect(await answer).toBe(200)
  await shows(({ held, overspendBound }) => held === '0' && overspendBound === '0')

  const last = call('shown-last').catch(() => undefined)
  await shows(({ held }) => Number(held) > 0)
  await plane.kill()
  await last
  // Redis forgets its word after 15 seconds.
  await shows(({ held, leased }) => held === null && Number(leased) > 0, 30_000)
}, 180_000)
