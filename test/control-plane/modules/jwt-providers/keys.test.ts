import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { issuerKey } from '../../../environment/token-issuer.ts'
import { eventually } from '../../../transport/poll.ts'
import { type JwtSetup, startJwtSetup } from './setup.ts'

const minuteMs = 60_000

let setup: JwtSetup
beforeAll(async () => {
  setup = await startJwtSetup()
})
afterEach(() => {
  setup.issuer.answer = null
})
afterAll(() => setup.close())

const refresh = (id: string) => setup.change('refreshJwtProviderKeys', { id })

function keysBecome(id: string, keyIds: readonly string[]) {
  return eventually(
    `the keys are ${keyIds.join()}`,
    async () => JSON.stringify((await setup.read(id)).keyIds) === JSON.stringify(keyIds) || undefined,
  )
}

/** Those that data planes are told to verify with. */
async function keysOfDataPlanes(id: string): Promise<unknown> {
  const [row] = await setup.sql(
    `select document->'keys' as keys from config_entities where kind = 'token_issuer' and id = '${id}'`,
  )
  return row?.keys
}

describe('keys at a URL', () => {
  it.each([
    ['http', 'is asked over http'],
    ['https', 'is not on the public Internet'],
  ])(
    'in a private network that nobody has named are not asked for, and the problem says what to do: %s',
    async (scheme, problem) => {
      const jwksUrl = setup.issuer.jwksUrl.replace(/^http/, scheme)
      const { id = '' } = await setup.create({ jwksUrl, trustedNetworks: [] })
      const before = setup.issuer.asked
      const { keysProblem } = await refresh(id)
      expect(keysProblem).toContain(problem)
      expect(keysProblem).toContain('trustedNetworks')
      expect(setup.issuer.asked).toBe(before)
    },
  )

  it.each(['http://169.254.169.254/latest', 'https://169.254.169.254/keys', 'https://[fd00:ec2::254]/keys'])(
    'are never asked for at the machine’s credentials: %s',
    async (jwksUrl) => {
      const { id = '' } = await setup.create({ jwksUrl, trustedNetworks: ['169.254.0.0/16', 'fd00::/8'] })
      expect((await refresh(id)).keysProblem).toMatch(/is not on the public Internet|is asked over http/)
    },
  )

  const good = issuerKey('good').jwk
  const answers: Record<string, readonly [RegExp, number, unknown]> = {
    'a failure': [/500/, 500, { keys: [good] }],
    'a redirect': [/302/, 302, {}],
    'no JSON': [/no JSON/, 200, '<html>'],
    'no list': [/no list/, 200, { keys: 'none' }],
    'more than 64 KiB': [/65536 bytes/, 200, { keys: [good], more: 'x'.repeat(70_000) }],
    'a hundred keys': [/50 keys/, 200, { keys: Array.from({ length: 100 }, () => ({ kty: 'oct' })) }],
    'a weak key': [/2048/, 200, { keys: [issuerKey('weak', 1_024).jwk] }],
    'a private key': [/private/, 200, { keys: [{ ...good, d: 'AQAB' }] }],
    'a symmetric key': [/symmetric/, 200, { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
    'keys of another algorithm': [/RS256/, 200, { keys: [{ ...good, alg: 'PS256' }] }],
  }
  it.each(Object.entries(answers))(
    'are not taken from %s, and those that there are stay',
    async (_, [problem, status, body]) => {
      const { id = '' } = await setup.create()
      const before = await refresh(id)
      expect(before.keyIds).toHaveLength(1)
      setup.issuer.answer = { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
      const after = await refresh(id)
      expect(after.keysProblem).toMatch(problem)
      expect(after.keyIds).toEqual(before.keyIds)
    },
  )

  it('are taken without those beside them that are weak, which are named', async () => {
    const { id = '' } = await setup.create()
    setup.issuer.answer = {
      status: 200,
      body: JSON.stringify({ keys: [good, issuerKey('weak', 1_024).jwk] }),
    }
    expect(await refresh(id)).toMatchObject({
      keyIds: ['good'],
      keysProblem: expect.stringMatching(/^Key 2 /),
    })
  })

  it('are fetched every minute, by one control plane of two, and raise no version [S0-07]', async () => {
    const id = await setup.createEnabled()
    const { version, keyIds } = await setup.read(id)
    const another = await setup.api.startAnother()
    await keysBecome(id, keyIds)
    setup.issuer.rotate()
    const before = setup.issuer.asked
    setup.clock.ahead += minuteMs
    await keysBecome(id, [setup.issuer.key.kid])
    expect(setup.issuer.asked - before).toBe(1)
    expect(await setup.read(id)).toMatchObject({ version, keysProblem: null })
    await setup.change('setJwtProviderEnabled', { id, enabled: false })
    await another.close()
  })

  it('are believed for a day when they cannot be fetched, and no longer [S0-07]', async () => {
    const id = await setup.createEnabled()
    const { keyIds } = await setup.read(id)
    setup.issuer.answer = { status: 500, body: '' }
    setup.clock.ahead += 23 * 60 * minuteMs
    await eventually('it was tried', async () => (await setup.read(id)).keysProblem !== null || undefined)
    expect((await setup.read(id)).keyIds).toEqual(keyIds)
    setup.clock.ahead += 2 * 60 * minuteMs
    await keysBecome(id, [])
    expect(await keysOfDataPlanes(id)).toEqual([])
    setup.issuer.answer = null
    setup.clock.ahead += 2 * minuteMs
    await keysBecome(id, keyIds)
  })
})
