import type { EntityManager } from '@mikro-orm/postgresql'
import type { JWK } from 'jose'
import {
  checkEnrolmentRequest,
  type EnrolmentResponse,
  parseEnrolmentToken,
} from '../../../contract/enrolment.ts'
import { ContractViolation } from '../../../contract/validation.ts'
import { systemActor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import type { Database } from '../../db/database.ts'
import { newId } from '../../db/id.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkName } from '../../input.ts'
import { sealCredentials } from '../../publisher/credentials.ts'
import { openDataPlaneSecrets } from '../../publisher/data-plane-secrets.ts'
import { readVersion } from '../../publisher/revisions.ts'
import { digestOfSecret } from '../../secrets/random-secret.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import { DataPlaneEntity } from './entity.ts'
import { EnrolmentInvalid, EnrolmentRefused } from './errors.ts'
import { publicJwkOf } from './public-keys.ts'
import { dataPlaneSnapshot } from './snapshot.ts'

export interface EnrolmentDependencies {
  readonly database: Database
  readonly secrets: Secrets
  readonly now: () => number
}

interface Candidate {
  readonly name: string
  readonly version: string
  readonly signingKey: JWK
  readonly sealingKey: JWK
}

/**
 * Makes whoever holds a valid enrolment token a data plane of its organization. The same request may be repeated
 * while the token lasts, for an answer can get lost; with other keys the token is spent.
 *
 * @throws EnrolmentInvalid on a malformed request, EnrolmentRefused on a token that is not, or no longer, valid.
 */
export async function enrolDataPlane(deps: EnrolmentDependencies, body: unknown): Promise<EnrolmentResponse> {
  const { token: text, ...candidate } = checkRequest(body)
  const token = parseEnrolmentToken(text)
  if (!token) throw refused()
  const { organizationId } = token
  return deps.database.transaction(organizationId, async (em) => {
    const signers = await deps.secrets.signers.read(em)
    // A token from before a rotation names the key before; its data plane learns the next one from the first head.
    const signingKey = signers.keys.find(({ id }) => id === token.thumbprint)
    if (!signingKey) throw refused()
    const digest = digestOfSecret(token.secret)
    const dataPlaneId =
      (await spendToken(em, deps, { organizationId, digest, candidate, signingKeyId: signingKey.id })) ??
      (await findRepeated(em, deps, { organizationId, digest, candidate }))
    const version = await readVersion(em, organizationId)
    if (!dataPlaneId || !version) throw refused()
    const recipient = { id: dataPlaneId, sealingKey: candidate.sealingKey }
    const dataPlaneSecrets = await openDataPlaneSecrets(em, deps.secrets, organizationId)
    return {
      dataPlaneId,
      organizationId,
      signingKeyId: signingKey.id,
      signingKey: { ...signingKey.publicJwk },
      credentials: await sealCredentials(
        deps.secrets,
        signers,
        organizationId,
        recipient,
        version,
        dataPlaneSecrets,
      ),
    }
  })
}

interface Attempt {
  readonly organizationId: string
  readonly digest: string
  readonly candidate: Candidate
}

/** Of two requests with one token, the row's lock lets one through. */
async function spendToken(
  em: EntityManager,
  deps: EnrolmentDependencies,
  { organizationId, digest, candidate, signingKeyId }: Attempt & { readonly signingKeyId: string },
): Promise<string | undefined> {
  const id = newId('dp')
  const enrolledAt = new Date(deps.now())
  const spent = await em.execute<{ digest: string }[]>(
    `update enrolment_tokens set used_at = ?, data_plane_id = ?
     where org_id = ? and digest = ? and used_at is null and expires_at > ? returning digest`,
    [enrolledAt, id, organizationId, digest, enrolledAt],
  )
  if (spent.length === 0) return undefined
  em.create(DataPlaneEntity, {
    ...candidate,
    id,
    organizationId,
    enrolledAt,
    revokedAt: null,
    applyStatus: 'awaiting',
    appliedEpoch: null,
    appliedRevision: null,
    appliedHash: null,
    lastError: null,
    refusedEpoch: null,
    refusedRevision: null,
    lastSeenAt: null,
    ignored: [],
    heldBack: [],
    plugins: [],
    trustedKeys: [signingKeyId],
  })
  await recordChange(
    deps,
    em,
    systemActor(organizationId),
    {
      type: 'data_plane.enrolled',
      subject: { kind: 'data_plane', id },
      details: { name: candidate.name, version: candidate.version },
    },
    { upserts: [dataPlaneSnapshot({ id, name: candidate.name })] },
  )
  return id
}

async function findRepeated(
  em: EntityManager,
  { now }: EnrolmentDependencies,
  { organizationId, digest, candidate }: Attempt,
): Promise<string | undefined> {
  const [row] = await em.execute<{ id: string }[]>(
    `select data_plane.id from enrolment_tokens token
     join data_planes data_plane on data_plane.org_id = token.org_id and data_plane.id = token.data_plane_id
     where token.org_id = ? and token.digest = ? and token.expires_at > ? and data_plane.revoked_at is null
       and data_plane.signing_key = ?::jsonb and data_plane.sealing_key = ?::jsonb`,
    [
      organizationId,
      digest,
      new Date(now()),
      JSON.stringify(candidate.signingKey),
      JSON.stringify(candidate.sealingKey),
    ],
  )
  return row?.id
}

function checkRequest(body: unknown): Candidate & { readonly token: string } {
  try {
    const { token, name, version, signingKey, sealingKey } = checkEnrolmentRequest(body)
    return {
      token,
      name: checkName('name', name),
      version,
      signingKey: publicJwkOf('signingKey', signingKey, 'Ed25519'),
      sealingKey: publicJwkOf('sealingKey', sealingKey, 'X25519'),
    }
  } catch (error) {
    if (error instanceof ContractViolation || error instanceof BadUserInput) {
      throw new EnrolmentInvalid(error.message)
    }
    throw error
  }
}

function refused(): EnrolmentRefused {
  return new EnrolmentRefused(
    'The enrolment token is unknown, expired, used already, or was made by another installation: create a new one',
  )
}
