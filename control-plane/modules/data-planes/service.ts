import { formatEnrolmentToken } from '../../../contract/enrolment.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { lockRow } from '../../db/require-row.ts'
import { checkInteger } from '../../input.ts'
import { noteIssuerSecretExposure } from '../../secrets/issuer-secrets.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { noteExposure } from '../providers/index.ts'
import { type DataPlane, DataPlaneEntity } from './entity.ts'

const longestTtlSeconds = 7 * 24 * 60 * 60

export interface IssuedEnrolmentToken {
  /** Enough to tell tokens apart, useless for enrolling. */
  readonly id: string
  /** Shown once. */
  readonly token: string
  readonly expiresAt: Date
}

/** A token with which one data plane may enrol, once. */
export function createEnrolmentToken(
  context: ServiceContext,
  actor: Actor,
  input: { readonly ttlSeconds: number },
): Promise<IssuedEnrolmentToken> {
  actor.require('data_planes:create', { workspaceId: null })
  const ttlSeconds = checkInteger('ttlSeconds', input.ttlSeconds, { minimum: 1, maximum: longestTtlSeconds })
  const secret = makeSecret()
  const createdAt = new Date(context.now())
  const expiresAt = new Date(createdAt.getTime() + ttlSeconds * 1000)
  const digest = digestOfSecret(secret)
  const id = digest.slice(0, 16)
  return transactionOf(context, actor, async (em) => {
    await em.execute(
      'insert into enrolment_tokens (org_id, digest, created_at, expires_at) values (?, ?, ?, ?)',
      [actor.organizationId, digest, createdAt, expiresAt],
    )
    await recordChange(context, em, actor, {
      type: 'enrolment_token.created',
      subject: { kind: 'enrolment_token', id },
      details: { expiresAt: expiresAt.toISOString() },
    })
    const { id: thumbprint } = (await context.secrets.signers.read(em)).keys[0]
    return {
      id,
      token: formatEnrolmentToken({ organizationId: actor.organizationId, secret, thumbprint }),
      expiresAt,
    }
  })
}

/**
 * Ends a data plane's membership: whatever it sends is refused from now on, and it gets no configuration's
 * credentials any more. What it knew in clear it still knows: provider keys and shared secrets of JWT providers are marked as exposed. Revoking it again
 * changes nothing.
 *
 * @throws NotFound
 */
export function revokeDataPlane(
  context: ServiceContext,
  actor: Actor,
  input: { readonly id: string },
): Promise<DataPlane> {
  actor.require('data_planes:delete', { workspaceId: null })
  return transactionOf(context, actor, async (em) => {
    const dataPlane = await lockRow(em, DataPlaneEntity, 'data plane', input.id)
    if (dataPlane.revokedAt) return dataPlane
    dataPlane.revokedAt = new Date(context.now())
    await noteExposure(em, actor.organizationId, dataPlane.revokedAt)
    await noteIssuerSecretExposure(em, actor.organizationId, dataPlane.revokedAt)
    await recordChange(
      context,
      em,
      actor,
      {
        type: 'data_plane.revoked',
        subject: { kind: 'data_plane', id: dataPlane.id },
        details: { name: dataPlane.name },
      },
      { upserts: [], removals: [`data_plane/${dataPlane.id}`] },
    )
    return dataPlane
  })
}
