import { generateKeyPairSync } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import { calculateJwkThumbprint } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enrolmentPath, parseEnrolmentResponse, parseEnrolmentToken } from '../../../contract/enrolment.ts'
import { systemRoles } from '../../../contract/permissions.ts'
import { Actor, systemActor } from '../../../control-plane/actor.ts'
import { Forbidden } from '../../../control-plane/graphql/errors.ts'
import {
  createEnrolmentToken,
  readSigningKeys,
  registerEnrolment,
} from '../../../control-plane/modules/data-planes/index.ts'
import { revokeDataPlane } from '../../../control-plane/modules/data-planes/service.ts'
import type { ServiceContext } from '../../../control-plane/service-context.ts'
import { createInstallation, createOrganization, type Installation, quietServices } from '../organization.ts'

let installation: Installation
let fastify: FastifyInstance
let organizationId: string
let context: ServiceContext
let clock = Date.parse('2026-11-22T12:00:00Z')

beforeAll(async () => {
  installation = await createInstallation()
  const { database, secrets } = installation
  const now = () => clock
  context = quietServices(installation, now)
  fastify = Fastify()
  registerEnrolment(fastify, { database, secrets, now })
})
afterAll(async () => {
  await fastify.close()
  await installation.close()
})
beforeEach(async () => {
  organizationId = await createOrganization(installation)
})

const jwkOf = (type: 'ed25519' | 'x25519') => {
  const { publicKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
  return { ...publicKey.export({ format: 'jwk' }) }
}

function candidate(token: string) {
  return {
    token,
    name: 'eu-1',
    version: '1.2.3',
    signingKey: jwkOf('ed25519'),
    sealingKey: jwkOf('x25519'),
  }
}

const enrol = (payload: object) => fastify.inject({ method: 'POST', url: enrolmentPath, payload })

async function createToken(ttlSeconds = 60): Promise<string> {
  return (await createEnrolmentToken(context, systemActor(organizationId), { ttlSeconds })).token
}

const dataPlanes = () =>
  installation.database.transaction(organizationId, (em) => em.execute('select * from data_planes'))

describe('enrolment', () => {
  it('makes a data plane of whoever holds the token, and pins the key that the token names', async () => {
    const token = await createToken()
    const answer = await enrol(candidate(token))
    expect(answer.statusCode).toBe(200)
    const response = parseEnrolmentResponse(answer.body)
    expect(response).toMatchObject({ organizationId, signingKeyId: installation.signingKey.id })
    expect(await calculateJwkThumbprint(response.signingKey)).toBe(parseEnrolmentToken(token)?.thumbprint)
    const keys = await installation.database.transaction(organizationId, (em) =>
      readSigningKeys(em, organizationId),
    )
    expect([...keys.keys()]).toEqual([response.dataPlaneId])
  })

  it('works once: the same request may be repeated, another one is refused', async () => {
    const token = await createToken()
    const request = candidate(token)
    const first = parseEnrolmentResponse((await enrol(request)).body)
    const repeated = parseEnrolmentResponse((await enrol(request)).body)
    expect(repeated.dataPlaneId).toBe(first.dataPlaneId)
    expect((await enrol(candidate(token))).statusCode).toBe(401)
    expect(await dataPlanes()).toHaveLength(1)
  })

  it('lets one of many through that come at the same moment', async () => {
    const token = await createToken()
    const answers = await Promise.all(Array.from({ length: 8 }, () => enrol(candidate(token))))
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, ...Array(7).fill(401)])
    expect(await dataPlanes()).toHaveLength(1)
  })

  it('answers an expired, altered, foreign or senseless token alike', async () => {
    const token = await createToken(1)
    clock += 1_000
    const [, , secret, thumbprint] = token.split('.')
    const other = await createOrganization(installation)
    const tokens = [token, `${token}x`, `ghe.${other}.${secret}.${thumbprint}`, 'ghe.a.b.c', 'nonsense']
    const bodies = await Promise.all(
      tokens.map(async (text) => {
        const answer = await enrol(candidate(text))
        expect(answer.statusCode).toBe(401)
        return answer.body
      }),
    )
    expect(new Set(bodies).size).toBe(1)
  })

  it('refuses keys of another kind and private keys, naming the field', async () => {
    const token = await createToken()
    const { privateKey } = generateKeyPairSync('ed25519')
    const withPrivateKey = { ...candidate(token), signingKey: privateKey.export({ format: 'jwk' }) }
    const answer = await enrol(withPrivateKey)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error.message).toMatch(/^signingKey holds a private key/)
    const swapped = await enrol({ ...candidate(token), sealingKey: jwkOf('ed25519') })
    expect(swapped.statusCode).toBe(400)
    expect(swapped.json().error.message).toMatch(/^sealingKey must be a public X25519 key/)
    expect((await enrol({ token })).statusCode).toBe(400)
    expect((await enrol(candidate(token))).statusCode).toBe(200)
  })

  it('stores no token in clear, in no table', async () => {
    const token = await createToken()
    const secret = parseEnrolmentToken(token)?.secret ?? ''
    const stored = await installation.database.transaction(organizationId, (em) =>
      em.execute(
        'select to_jsonb(t) as row from enrolment_tokens t union all select to_jsonb(a) from audit_events a',
      ),
    )
    expect(stored.length).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify(stored)).not.toContain(secret)
  })
})

describe('enrolment tokens and revocations', () => {
  const viewer = (role: 'viewer' | 'developer' | 'admin', workspaceId: string | null = null) =>
    new Actor({
      assurance: null,
      ...{ kind: 'api_token', id: 'tok_1', name: 'token', organizationId, roleId: `role_${role}` },
      rights: {
        permissions: new Set(systemRoles[role].permissions),
        workspaceIds: workspaceId === null ? null : [workspaceId],
        rowScope: 'all',
      },
    })

  it('need an administrator of the whole organization', async () => {
    for (const actor of [viewer('viewer'), viewer('developer'), viewer('admin', 'ws_1')]) {
      expect(() => createEnrolmentToken(context, actor, { ttlSeconds: 60 })).toThrow(Forbidden)
      expect(() => revokeDataPlane(context, actor, { id: 'dp_1' })).toThrow(Forbidden)
    }
  })

  it('a revoked data plane has no keys any more; another organization cannot revoke it', async () => {
    const { dataPlaneId: id } = parseEnrolmentResponse((await enrol(candidate(await createToken()))).body)
    const stranger = systemActor(await createOrganization(installation))
    await expect(revokeDataPlane(context, stranger, { id })).rejects.toThrow(`There is no data plane "${id}"`)
    await revokeDataPlane(context, systemActor(organizationId), { id })
    const keys = await installation.database.transaction(organizationId, (em) =>
      readSigningKeys(em, organizationId),
    )
    expect(keys.size).toBe(0)
  })
})
