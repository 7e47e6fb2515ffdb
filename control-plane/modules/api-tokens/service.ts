import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import type { IssuedWith } from '../../assurance.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow, requireRow } from '../../db/require-row.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkFuture, checkName } from '../../input.ts'
import { digestOfSecret, makeSecret } from '../../secrets/random-secret.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { auditEscalation, RoleEntity, requireTokenWithin } from '../roles/index.ts'
import { UserEntity } from '../users/index.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { formatToken } from './token.ts'

export interface IssueApiToken {
  readonly name: string
  readonly roleId: string
  /** Whom it stands for; null: nobody but itself. */
  readonly userId?: string | null | undefined
  readonly workspaceId?: string | null | undefined
  readonly expiresAt?: Date | null | undefined
}

export interface IssuedApiToken {
  readonly apiToken: ApiToken
  /** The whole token, `ghat.…`. Shown once. */
  readonly secret: string
}

/**
 * Nobody hands out more than they have, or more than the user that the token stands for: neither a permission, nor a
 * wider reach, nor a longer time.
 *
 * @throws NotFound, Forbidden, RightsExceeded
 */
export function issueApiToken(
  context: ServiceContext,
  actor: Actor,
  input: IssueApiToken,
): Promise<IssuedApiToken> {
  const name = checkName('name', input.name)
  const expiresAt = input.expiresAt == null ? null : checkFuture('expiresAt', input.expiresAt, context.now())
  const { workspaceId = null, userId = null } = input
  const work = transactionOf(context, actor, async (em) => {
    if (workspaceId === null) actor.require('api_tokens:create', { workspaceId })
    else await requireWorkspace(em, actor, 'api_tokens:create', workspaceId)
    await requireRow(em, RoleEntity, 'role', input.roleId)
    if (userId !== null && !(await requireRow(em, UserEntity, 'user', userId)).active) {
      throw new BadUserInput('userId', 'names an inactive user: activate them first')
    }
    const token = { name, roleId: input.roleId, userId, workspaceId, expiresAt }
    await requireTokenWithin(em, actor, token, context.now())
    return createToken(context, em, actor, token)
  })
  return auditEscalation(context, actor, { kind: actor.kind, id: actor.id }, work)
}

interface NewToken extends Pick<ApiToken, 'name' | 'userId' | 'workspaceId' | 'expiresAt'> {
  readonly roleId: string
  readonly forRecovery?: boolean
}

/** Stores a new token, in the caller's transaction. */
export async function createToken(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  token: NewToken,
): Promise<IssuedApiToken> {
  const secret = makeSecret()
  const id = newId('tok')
  const apiToken = em.create(ApiTokenEntity, {
    forRecovery: false,
    ...token,
    id,
    issuedWith: provedBy(actor),
    shownTo: receiverOf(actor),
    personId: token.userId ?? (actor.kind === 'system' ? id : actor.personId),
    organizationId: actor.organizationId,
    digest: digestOfSecret(secret),
    ...{ revokedAt: null, rotatedAt: null },
    ...noFormerSecret,
    createdAt: new Date(clock.now()),
  })
  await recordChange(clock, em, actor, describeToken('api_token.issued', apiToken))
  return { apiToken, secret: formatToken({ ...apiToken, secret }) }
}

/** Of a token that was not rotated, or whose former secret ended with that. */
export const noFormerSecret = {
  formerDigest: null,
  formerExpiresAt: null,
  formerPersonId: null,
  formerShownTo: null,
} as const

/** Who is shown the secret that this actor asks for; null: somebody at the command line. */
export function receiverOf({ kind, personId }: Actor): string | null {
  return kind === 'system' ? null : personId
}

/** A token carries what its issuer had proved: it passes where they would have, but for how long ago it was. */
export function provedBy({ kind, assurance }: Actor): IssuedWith | null {
  if (kind === 'system') return { provesAll: true }
  const proof = assurance?.proof ?? null
  if (proof?.of !== 'session') return proof?.issuedWith ?? null
  const { isMfa, methods, classes } = proof.evidence
  return { isMfa, methods, classes }
}

/** Ends a token at once; revoking it again changes nothing. @throws NotFound */
export function revokeApiToken(context: ServiceContext, actor: Actor, id: string): Promise<ApiToken> {
  return transactionOf(context, actor, async (em) => {
    const token = await lockToken(em, actor, 'api_tokens:revoke', id)
    if (token.revokedAt !== null) return token
    token.revokedAt = new Date(context.now())
    await recordChange(context, em, actor, describeToken('api_token.revoked', token))
    return token
  })
}

/** @throws NotFound, Forbidden */
export async function lockToken(
  em: EntityManager,
  actor: Actor,
  permission: Permission,
  id: string,
): Promise<ApiToken> {
  const token = await lockRow(em, ApiTokenEntity, 'API token', id)
  if (!actor.reaches(token.workspaceId)) throw new NotFound('API token', id)
  actor.require(permission, token)
  return token
}

/** What the audit log says of a token. */
export function describeToken(type: string, { id, name, roleId, userId, workspaceId, expiresAt }: ApiToken) {
  const details = { name, roleId, userId, expiresAt: expiresAt?.toISOString() ?? null }
  return { type, subject: { kind: 'api_token', id }, workspaceId, details }
}
