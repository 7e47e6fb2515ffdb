import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { checkInteger } from '../../input.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { auditEscalation, requireTokenWithin } from '../roles/index.ts'
import type { ApiToken } from './entity.ts'
import { ApiTokenEnded } from './errors.ts'
import { forgetUse } from './last-use.ts'
import {
  describeToken,
  type IssuedApiToken,
  lockToken,
  noFormerSecret,
  provedBy,
  receiverOf,
} from './service.ts'
import { formatToken } from './token.ts'

export const longestOverlapSeconds = 7 * 86_400

export interface RotateApiToken {
  readonly id: string
  readonly overlapSeconds: number
}

/**
 * Gives a token a new secret, which is as good as a new token for whoever gets it: nobody rotates one that they could not
 * issue. The secret that it had works for `overlapSeconds` more; one before that ends at once. [S3-05]
 *
 * @throws NotFound, ApiTokenEnded, Forbidden, RightsExceeded
 */
export function rotateApiToken(
  context: ServiceContext,
  actor: Actor,
  input: RotateApiToken,
): Promise<IssuedApiToken> {
  const bounds = { minimum: 0, maximum: longestOverlapSeconds }
  const overlapSeconds = checkInteger('overlapSeconds', input.overlapSeconds, bounds)
  const now = context.now()
  const work = transactionOf(context, actor, async (em) => {
    const apiToken = await lockToken(em, actor, 'api_tokens:rotate', input.id)
    const { roleId, expiresAt } = apiToken
    const hasExpired = expiresAt !== null && expiresAt.getTime() <= now
    if (apiToken.revokedAt !== null || hasExpired || roleId === null) throw new ApiTokenEnded(apiToken.id)
    await requireTokenWithin(em, actor, { ...apiToken, roleId }, now)
    const secret = makeSecret()
    await replaceSecret(em, actor, apiToken, { secret, overlapSeconds, now })
    const { details, ...entry } = describeToken('api_token.rotated', apiToken)
    await recordChange(context, em, actor, { ...entry, details: { ...details, overlapSeconds } })
    return { apiToken, secret: formatToken({ ...apiToken, secret }) }
  })
  return auditEscalation(context, actor, { kind: 'api_token', id: input.id }, work)
}

async function replaceSecret(
  em: EntityManager,
  actor: Actor,
  token: ApiToken,
  { secret, overlapSeconds, now }: { secret: string; overlapSeconds: number; now: number },
): Promise<void> {
  if (token.formerDigest !== null) await forgetUse(em, token.formerDigest)
  if (overlapSeconds === 0) {
    await forgetUse(em, token.digest)
    Object.assign(token, noFormerSecret)
  } else {
    token.formerDigest = token.digest
    token.formerExpiresAt = new Date(now + overlapSeconds * 1_000)
    // Each secret counts as its own person's: of two people with one token each, neither approves as the other.
    token.formerPersonId = token.personId
    token.formerShownTo = token.shownTo
  }
  token.digest = digestOfSecret(secret)
  token.personId = token.userId ?? actor.personId
  token.shownTo = receiverOf(actor)
  token.issuedWith = provedBy(actor)
  token.rotatedAt = new Date(now)
}
