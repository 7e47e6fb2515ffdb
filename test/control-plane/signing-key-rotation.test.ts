import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formatEnrolmentToken } from '../../contract/enrolment.ts'
import { enrolDataPlane } from '../../control-plane/modules/data-planes/enrolment.ts'
import { digestOfSecret, makeSecret } from '../../control-plane/secrets/random-secret.ts'
import { openSecrets } from '../../control-plane/secrets/secrets.ts'
import { beginRotation, finishRotation } from '../../control-plane/signing-key-rotation.ts'
import { createInstallation, createOrganization, type Installation } from './organization.ts'

let installation: Installation
let organizationId: string
beforeAll(async () => {
  installation = await createInstallation()
  organizationId = await createOrganization(installation)
})
afterAll(() => installation.close())

/** With a token that names the installation's first key. */
async function enrolWithFirstKey() {
  const { database, secrets, signingKey } = installation
  const secret = makeSecret()
  await database.transaction(organizationId, (em) =>
    em.execute(
      `insert into enrolment_tokens (org_id, digest, created_at, expires_at)
       values (?, ?, now(), now() + interval '1 minute')`,
      [organizationId, digestOfSecret(secret)],
    ),
  )
  const jwk = (type: 'ed25519' | 'x25519') => {
    // Each type has its own signature of the function.
    const { publicKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')
    return { ...publicKey.export({ format: 'jwk' }) }
  }
  return enrolDataPlane(
    { database, secrets, now: Date.now },
    {
      token: formatEnrolmentToken({ organizationId, secret, thumbprint: signingKey.id }),
      ...{ name: 'node', version: '0.0.0', signingKey: jwk('ed25519'), sealingKey: jwk('x25519') },
    },
  )
}

async function storedKeyNames(): Promise<readonly string[]> {
  const rows = await installation.database.transaction('none', (em) =>
    em.execute<{ name: string }[]>(`select name from installation_secrets where name <> 'pepper'`),
  )
  return rows.map(({ name }) => name)
}

it('an enrolment token names a key that data planes believe until that key is retired', async () => {
  const { database, masterKey, signingKey } = installation
  const { keyId } = await beginRotation(database, masterKey)
  expect(await enrolWithFirstKey()).toMatchObject({ signingKeyId: signingKey.id })
  const waiting = await finishRotation(database, masterKey, { force: false })
  expect(waiting).toMatchObject({ keyId, isFinished: false, without: [{ name: 'node' }] })
  expect(await finishRotation(database, masterKey, { force: true })).toMatchObject({ isFinished: true })
  await expect(enrolWithFirstKey()).rejects.toThrow(/create a new one/)
})

it('the private half of a retired key is destroyed, and no control plane makes another first key', async () => {
  const { database, masterKey } = installation
  const names = await storedKeyNames()
  expect(names).toHaveLength(1)
  expect(names).not.toContain('signing_key')
  const { signers } = await openSecrets(database, masterKey)
  const { keys, succession } = await database.transaction('none', (em) => signers.read(em))
  expect(names).toEqual([`signing_key/${keys[0].id}`])
  expect(succession).toHaveLength(2)
  expect(await storedKeyNames()).toEqual(names)
})

it('only one rotation is under way, whoever asks at once', async () => {
  const { database, masterKey } = installation
  await expect(finishRotation(database, masterKey, { force: true })).rejects.toThrow(/No rotation/)
  const begun = await Promise.allSettled([
    beginRotation(database, masterKey),
    beginRotation(database, masterKey),
  ])
  expect(begun.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})
