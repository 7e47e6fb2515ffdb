import type { EntityManager } from '@mikro-orm/postgresql'
import { type SystemRole, systemRoles } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { newId } from '../../db/id.ts'
import { lockRow } from '../../db/require-row.ts'
import { Forbidden } from '../../graphql/errors.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { checkFuture, checkName } from '../../input.ts'
import { type Clock, type ServiceContext, transactionOf } from '../../service-context.ts'
import { requireWorkspace } from '../workspaces/index.ts'
import { type ApiToken, ApiTokenEntity } from './entity.ts'
import { digestOfToken, formatToken, makeTokenSecret } from './token.ts'

export interface IssueApiToken {
  readonly name: string
  readonly role: SystemRole
  readonly workspaceId?: string | null | undefined
  readonly expiresAt?: Date | null | undefined
}

export interface IssuedApiToken {
  readonly apiToken: ApiToken
  /** The whole token, `ghat.…`. Shown once. */
  readonly secret: string
}

/**
 * An actor cannot hand out more than they have: neither a higher role nor a wider reach.
 *
 * @throws NotFound, Forbidden
 */
export function issueApiToken(
  context: ServiceContext,
  actor: Actor,
  input: IssueApiToken,
): Promise<IssuedApiToken> {
  const name = checkName('name', input.name)
  const expiresAt = input.expiresAt == null ? null : checkFuture('expiresAt', input.expiresAt, context.now())
  const workspaceId = input.workspaceId ?? null
  return transactionOf(context, actor, async (em) => {
    if (workspaceId === null) actor.require('api_tokens:create', { workspaceId })
    else await requireWorkspace(em, actor, 'api_tokens:create', workspaceId)
    if (systemRoles[input.role].privilegeLevel > systemRoles[actor.role].privilegeLevel) {
      throw new Forbidden(
        'api_tokens:create',
        `A ${actor.role} cannot issue a token of the role ${input.role}`,
      )
    }
    return createToken(context, em, actor, { name, role: input.role, workspaceId, expiresAt })
  })
}

/** Stores a new token, in the caller's transaction. */
export async function createToken(
  clock: Clock,
  em: EntityManager,
  actor: Actor,
  token: Pick<ApiToken, 'name' | 'role' | 'workspaceId' | 'expiresAt'>,
): Promise<IssuedApiToken> {
  const secret = makeTokenSecret()
  const apiToken = em.create(ApiTokenEntity, {
    ...token,
    id: newId('tok'),
    organizationId: actor.organizationId,
    digest: digestOfToken(secret),
    revokedAt: null,
    createdAt: new Date(clock.now()),
  })
  await recordChange(clock, em, actor, describe('api_token.issued', apiToken))
  return { apiToken, secret: formatToken({ ...apiToken, secret }) }
}

/** Ends a token at once; revoking it again changes nothing. @throws NotFound */
export function revokeApiToken(context: ServiceContext, actor: Actor, id: string): Promise<ApiToken> {
  return transactionOf(context, actor, async (em) => {
    const token = await lockRow(em, ApiTokenEntity, 'API token', id)
    if (actor.workspaceId !== null && token.workspaceId !== actor.workspaceId) {
      throw new NotFound('API token', id)
    }
    actor.require('api_tokens:revoke', token)
    if (token.revokedAt !== null) return token
    token.revokedAt = new Date(context.now())
    await recordChange(context, em, actor, describe('api_token.revoked', token))
    return token
  })
}

function describe(type: string, { id, name, role, workspaceId, expiresAt }: ApiToken) {
  const details = { name, role, expiresAt: expiresAt?.toISOString() ?? null }
  return { type, subject: { kind: 'api_token', id }, workspaceId, details }
}
