import type { Actor } from '../../actor.ts'
import type { BackgroundWork } from '../../background/dependencies.ts'
import { startLoop } from '../../background/loop.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { requireRow } from '../../db/require-row.ts'
import type { SealedPlace } from '../../secrets/envelope.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { testSignInUrl } from './addresses.ts'
import { type IdentityProvider, IdentityProviderEntity } from './entity.ts'
import type { TestSignInResult } from './test-result.ts'

/** A sign-in that tries a provider out: nobody is signed in by it and nobody made a user. */
export interface TestSignIn {
  readonly id: string
  readonly providerId: string
  readonly expiresAt: Date
  /** Null: nobody has come back from the provider yet. */
  readonly result: TestSignInResult | null
}

export interface StartedTestSignIn {
  readonly testSignIn: TestSignIn
  /** For one browser, once. */
  readonly url: string
}

/** With the pause of the pruning no more than ten minutes. */
const limitMs = 9 * 60_000
const pruneEveryMs = 30_000
/** Of an organization at once; the oldest are forgotten. */
const mostTests = 100
const organizationWide = { workspaceId: null }

/** @throws NotFound */
export async function startTestSignIn(
  context: ServiceContext,
  actor: Actor,
  providerId: string,
): Promise<StartedTestSignIn> {
  actor.require('identity_providers:update', organizationWide)
  const { organizationId, personId } = actor
  const [id, secret, at] = [newId('tsi'), makeSecret(), new Date(context.now())]
  const expiresAt = new Date(at.getTime() + limitMs)
  await transactionOf(context, actor, async (em) => {
    const { name } = await requireRow(em, IdentityProviderEntity, 'identity provider', providerId)
    await em.execute(
      `delete from test_sign_ins where org_id = ? and (expires_at <= ? or id in (
         select id from test_sign_ins where org_id = ? order by expires_at desc offset ?))`,
      [organizationId, at, organizationId, mostTests - 1],
    )
    await em.execute(
      'insert into test_sign_ins (id, org_id, provider_id, person_id, digest, expires_at) values (?, ?, ?, ?, ?, ?)',
      [id, organizationId, providerId, personId, digestOfSecret(secret), expiresAt],
    )
    const subject = { kind: 'identity_provider', id: providerId }
    const details = { name, testSignInId: id }
    await recordChange(context, em, actor, { type: 'identity_provider.test_started', subject, details })
  })
  const url = testSignInUrl(context.publicUrl, `${organizationId}.${id}.${secret}`)
  return { testSignIn: { id, providerId, expiresAt, result: null }, url }
}

/** Null for one that is over, and for that of another: what a provider says of a person is for nobody else. */
export async function readTestSignIn(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<TestSignIn | null> {
  actor.require('identity_providers:update', organizationWide)
  const [row] = await transactionOf(context, actor, (em) =>
    em.execute<{ providerId: string; sealedResult: string | null; expiresAt: string | Date }[]>(
      `select provider_id as "providerId", sealed_result as "sealedResult", expires_at as "expiresAt"
       from test_sign_ins where org_id = ? and id = ? and person_id = ? and expires_at > ?`,
      [actor.organizationId, id, actor.personId, new Date(context.now())],
    ),
  )
  if (!row) return null
  const { providerId, sealedResult } = row
  const place = placeOf(actor.organizationId, id)
  const result: TestSignInResult | null =
    sealedResult === null ? null : JSON.parse(context.secrets.openValue(place, sealedResult))
  return { id, providerId, expiresAt: new Date(row.expiresAt), result }
}

const longestTicket = 256

/** Once: whoever comes with the same ticket again finds nothing. @returns null for a ticket that is unknown, used or too old */
export async function openTestSignIn(
  { database, now }: ServiceContext,
  ticket: string,
): Promise<{ id: string; organizationId: string; provider: IdentityProvider } | null> {
  const parts = ticket.length > longestTicket ? [] : ticket.split('.')
  const [organizationId, id, secret, ...rest] = parts
  if (!organizationId || !id || !secret || rest.length > 0) return null
  return database.transaction(organizationId, async (em) => {
    const at = new Date(now())
    const [row] = await em.execute<{ providerId: string }[]>(
      `update test_sign_ins set begun_at = ?
       where org_id = ? and id = ? and digest = ? and begun_at is null and expires_at > ?
       returning provider_id as "providerId"`,
      [at, organizationId, id, digestOfSecret(secret), at],
    )
    const provider = row && (await em.findOne(IdentityProviderEntity, { id: row.providerId }))
    return provider ? { id, organizationId, provider } : null
  })
}

/** Keeps what came of it until its ten minutes are over. */
export async function storeTestResult(
  { database, secrets, now }: ServiceContext,
  { organizationId, id }: { readonly organizationId: string; readonly id: string },
  result: TestSignInResult,
): Promise<void> {
  const sealed = secrets.sealValue(placeOf(organizationId, id), JSON.stringify(result))
  await database.transaction(organizationId, (em) =>
    em.execute('update test_sign_ins set sealed_result = ? where org_id = ? and id = ? and expires_at > ?', [
      sealed,
      organizationId,
      id,
      new Date(now()),
    ]),
  )
}

/** Forgets those that are over, for as long as it runs: what a provider said of a person is kept for no longer. */
export function startTestSignInPruning({ database, log, now }: ServiceContext): BackgroundWork {
  return startLoop({
    name: 'test sign-ins',
    log,
    pauseMs: pruneEveryMs,
    step: async () => {
      for (const organizationId of await database.organizationIds()) {
        await database.transaction(organizationId, (em) =>
          em.execute('delete from test_sign_ins where org_id = ? and expires_at <= ?', [
            organizationId,
            new Date(now()),
          ]),
        )
      }
    },
  })
}

function placeOf(organizationId: string, id: string): SealedPlace {
  return { organizationId, entity: 'test_sign_ins', field: 'sealed_result', id }
}
