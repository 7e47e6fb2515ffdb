import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { lockPolicyOwner } from '../../policy-owners.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { createClientConfiguration } from './create.ts'
import { type ClientSettings, defaultSettings } from './defaults.ts'
import { type ClientConfiguration, ClientConfigurationEntity } from './entity.ts'
import { checkHeaderNames, checkHeaderPatterns } from './headers.ts'
import { checkOrigins } from './origins.ts'
import { clientConfigurationSnapshot } from './snapshot.ts'

export interface UpdateClientConfiguration {
  readonly allowedOrigins?: readonly string[] | null | undefined
  readonly allowedHeaders?: readonly string[] | null | undefined
  readonly headerFilter?: UpdateHeaderFilter | null | undefined
}

export interface UpdateHeaderFilter {
  /** Null: every `x-bf-eh-*` header but the denied ones. */
  readonly allowlist?: readonly string[] | null | undefined
  readonly denylist?: readonly string[] | null | undefined
  readonly forwardDirect?: boolean | null | undefined
}

/** The organization's settings, or the defaults while nobody has set any. */
export async function readClientConfiguration(
  context: ServiceContext,
  actor: Actor,
): Promise<Readonly<ClientSettings>> {
  const { organizationId } = actor
  const row = await transactionOf(context, actor, (em) =>
    em.findOne(ClientConfigurationEntity, { organizationId }),
  )
  return row ?? defaultSettings
}

export function updateClientConfiguration(
  context: ServiceContext,
  actor: Actor,
  input: UpdateClientConfiguration,
): Promise<Readonly<ClientSettings>> {
  actor.require('client_configuration:update', { workspaceId: null })
  const changes = checkChanges(input)
  return transactionOf(context, actor, async (em) => {
    const row = await lockConfiguration(em, actor)
    const before = settingsOf(row)
    em.assign(row, changes)
    await recordChange(
      context,
      em,
      actor,
      {
        type: 'client_configuration.updated',
        subject: { kind: 'client_configuration', id: row.id },
        details: { before, after: settingsOf(row) },
      },
      { upserts: [clientConfigurationSnapshot(row)] },
    )
    return row
  })
}

/** The organization's row is locked first, so that only one configuration is ever made for it. */
async function lockConfiguration(em: EntityManager, actor: Actor): Promise<ClientConfiguration> {
  const { organizationId } = actor
  await lockPolicyOwner(em, actor, { kind: 'organization', id: organizationId })
  const row = await em.findOne(
    ClientConfigurationEntity,
    { organizationId },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  )
  return row ?? createClientConfiguration(em, organizationId)
}

function checkChanges({ allowedOrigins, allowedHeaders, headerFilter }: UpdateClientConfiguration) {
  const { allowlist, denylist, forwardDirect } = headerFilter ?? {}
  return {
    ...(allowedOrigins != null && { allowedOrigins: checkOrigins('allowedOrigins', allowedOrigins) }),
    ...(allowedHeaders != null && { allowedHeaders: checkHeaderNames('allowedHeaders', allowedHeaders) }),
    ...(allowlist !== undefined && {
      forwardAllowlist: allowlist && checkHeaderPatterns('headerFilter.allowlist', allowlist),
    }),
    ...(denylist != null && { forwardDenylist: checkHeaderPatterns('headerFilter.denylist', denylist) }),
    ...(forwardDirect != null && { forwardDirect }),
  }
}

function settingsOf(row: ClientSettings) {
  const { allowedOrigins, allowedHeaders, forwardAllowlist, forwardDenylist, forwardDirect } = row
  return { allowedOrigins, allowedHeaders, forwardAllowlist, forwardDenylist, forwardDirect }
}
