import type { EntityManager } from '@mikro-orm/postgresql'
import { systemActor } from './actor.ts'
import type { Database } from './db/database.ts'
import { inEveryOrganization, noOrganization } from './every-organization.ts'
import { recordAudit } from './modules/audit/index.ts'
import { listDataPlanesWithoutKey, type NamedDataPlane } from './modules/data-planes/index.ts'
import { announceKey, lockSigners, retireKey } from './secrets/rotation.ts'

/** What was asked for does not fit what there is; the message says what would. */
export class RotationRefused extends Error {
  override readonly name = 'RotationRefused'
}

/**
 * Announces a second signing key: everything for data planes is signed by both, and those that know of rotation pin the
 * new one beside the old.
 *
 * @throws RotationRefused while another rotation is under way
 */
export function beginRotation(database: Database, masterKey: Buffer): Promise<{ readonly keyId: string }> {
  return database.transaction(noOrganization, async (em) => {
    const signers = await lockSigners(em, masterKey)
    if (signers.keys.length > 1) {
      throw new RotationRefused(`The rotation to ${signers.keys[0].id} is under way: end it with --finish`)
    }
    const { id: keyId } = await announceKey(em, masterKey, signers)
    await recordInEvery(em, 'signing_key.announced', { keyId, besides: signers.keys[0].id })
    return { keyId }
  })
}

export interface FinishedRotation {
  readonly keyId: string
  /** Those that do not believe the new key. Unless forced, nothing was changed while there are any. */
  readonly without: readonly NamedDataPlane[]
  readonly isFinished: boolean
}

/**
 * Retires the old key once every data plane believes the new one, or all the same when forced: a data plane that sleeps
 * learns of both steps from the next head, but one of a release that knows nothing of rotation has to enrol anew.
 *
 * @throws RotationRefused when no rotation is under way
 */
export function finishRotation(
  database: Database,
  masterKey: Buffer,
  { force }: { readonly force: boolean },
): Promise<FinishedRotation> {
  return database.transaction(noOrganization, async (em) => {
    const signers = await lockSigners(em, masterKey)
    const [{ id: keyId }, old] = signers.keys
    if (!old)
      throw new RotationRefused('No rotation of the signing key is under way: begin one without --finish')
    const without = (
      await inEveryOrganization(em, (organizationId) => listDataPlanesWithoutKey(em, organizationId, keyId))
    ).flat()
    if (without.length > 0 && !force) return { keyId, without, isFinished: false }
    await retireKey(em, signers)
    await recordInEvery(em, 'signing_key.retired', {
      keyId: old.id,
      successor: keyId,
      without: without.length,
    })
    return { keyId, without, isFinished: true }
  })
}

async function recordInEvery(
  em: EntityManager,
  type: string,
  details: { readonly keyId: string } & Record<string, string | number>,
): Promise<void> {
  await inEveryOrganization(em, (organizationId) =>
    recordAudit(
      em,
      systemActor(organizationId),
      { type, subject: { kind: 'signing_key', id: details.keyId }, details },
      new Date(),
    ),
  )
}
