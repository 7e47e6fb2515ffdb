import { generateKeyPairSync, randomBytes } from 'node:crypto'
import pino from 'pino'
import { formatEnrolmentToken } from '../../contract/enrolment.ts'
import type { SigningKey } from '../../contract/signed.ts'
import { type Database, openDatabase } from '../../control-plane/db/database.ts'
import { newId } from '../../control-plane/db/id.ts'
import { LiveFeed } from '../../control-plane/live/live-feed.ts'
import { enrolDataPlane } from '../../control-plane/modules/data-planes/enrolment.ts'
import { OrganizationEntity, organizationSnapshot } from '../../control-plane/modules/organizations/index.ts'
import { changeConfiguration } from '../../control-plane/publisher/revision.ts'
import { digestOfSecret, makeSecret } from '../../control-plane/secrets/random-secret.ts'
import { openSecrets, type Secrets } from '../../control-plane/secrets/secrets.ts'
import type { InstallationSigningKey } from '../../control-plane/secrets/signing-key.ts'
import type { ServiceContext } from '../../control-plane/service-context.ts'
import { defaultStoredSessionSettings } from '../../control-plane/session-settings.ts'
import { openSessions } from '../../control-plane/sessions/open.ts'
import { createDatabase, type TestDatabase } from '../environment/index.ts'

export const silentLog = pino({ level: 'silent' })

/** Services whose test has no subscriber, whose data planes say nothing, and where nobody is signed in. */
export function quietServices(
  { database, secrets }: Pick<Installation, 'database' | 'secrets'>,
  now: () => number = Date.now,
): ServiceContext {
  return {
    ...{ database, secrets, log: silentLog, now, publicUrl: 'https://gatehouse.example.com' },
    live: { feed: new LiveFeed(), takeWithinMs: 30_000 },
    holdings: { read: async (_: string, ids: readonly string[]) => ids.map(() => null) },
    sessions: openSessions(
      { database, log: silentLog, now, masterKey: randomBytes(32), redisUrl: undefined },
      defaultStoredSessionSettings,
    ).sessions,
  }
}

/** A database with this installation's secrets in it, as a control plane sees it. */
export interface Installation {
  readonly databaseUrl: string
  readonly superuserUrl: string
  readonly database: Database
  readonly secrets: Secrets
  readonly masterKey: Buffer
  readonly signingKey: InstallationSigningKey
  close(): Promise<void>
}

export async function createInstallation(): Promise<Installation> {
  const testDatabase: TestDatabase = await createDatabase()
  const database = await openDatabase({ url: testDatabase.applicationUrl })
  const masterKey = randomBytes(32)
  const secrets = await openSecrets(database, masterKey)
  const { keys } = await database.transaction('none', (em) => secrets.signers.read(em))
  return {
    databaseUrl: testDatabase.applicationUrl,
    superuserUrl: testDatabase.superuserUrl,
    database,
    masterKey,
    secrets,
    signingKey: keys[0],
    async close() {
      await database.close()
      await testDatabase.drop()
    },
  }
}

/** A new organization, at its first configuration. */
export async function createOrganization({ database }: Installation): Promise<string> {
  const organization = { id: newId('org'), version: 1, name: 'Acme', createdAt: new Date() }
  await database.transaction(organization.id, async (em) => {
    await em.insert(OrganizationEntity, organization)
    await changeConfiguration(em, organization.id, { upserts: [organizationSnapshot(organization)] })
  })
  return organization.id
}

/** A data plane as the control plane's tests see one: its keys, and what it was told when it enrolled. */
export interface EnrolledDataPlane {
  readonly id: string
  readonly organizationId: string
  /** Signs with the data plane's id as key id. */
  readonly signingKey: SigningKey
  readonly sealingKey: import('node:crypto').KeyObject
  readonly credentials: string
}

export async function enrol(
  installation: Pick<Installation, 'database' | 'secrets' | 'signingKey'>,
  organizationId: string,
): Promise<EnrolledDataPlane> {
  const { database, secrets } = installation
  const secret = makeSecret()
  const now = new Date()
  await database.transaction(organizationId, (em) =>
    em.execute('insert into enrolment_tokens (org_id, digest, created_at, expires_at) values (?, ?, ?, ?)', [
      organizationId,
      digestOfSecret(secret),
      now,
      new Date(now.getTime() + 60_000),
    ]),
  )
  const { keys } = await database.transaction(organizationId, (em) => secrets.signers.read(em))
  const signing = generateKeyPairSync('ed25519')
  const sealing = generateKeyPairSync('x25519')
  const response = await enrolDataPlane(
    { database, secrets, now: Date.now },
    {
      token: formatEnrolmentToken({ organizationId, secret, thumbprint: keys[0].id }),
      name: 'test data plane',
      version: '0.0.0',
      signingKey: { ...signing.publicKey.export({ format: 'jwk' }) },
      sealingKey: { ...sealing.publicKey.export({ format: 'jwk' }) },
    },
  )
  return {
    id: response.dataPlaneId,
    organizationId,
    signingKey: { id: response.dataPlaneId, privateKey: signing.privateKey },
    sealingKey: sealing.privateKey,
    credentials: response.credentials,
  }
}
