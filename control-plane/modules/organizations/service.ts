import type { Actor } from '../../actor.ts'
import { recordChange } from '../../change.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { checkName } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type Organization, OrganizationEntity } from './entity.ts'
import { organizationSnapshot } from './snapshot.ts'

/** The actor's own organization: nobody sees another one. */
export function readOrganization(context: ServiceContext, actor: Actor): Promise<Organization> {
  return transactionOf(context, actor, (em) =>
    requireRow(em, OrganizationEntity, 'organization', actor.organizationId),
  )
}

/** @throws StaleUpdate */
export function updateOrganization(
  context: ServiceContext,
  actor: Actor,
  input: ExpectedVersion & { readonly name: string },
): Promise<Organization> {
  actor.require('organization:update', { workspaceId: null })
  const name = checkName('name', input.name)
  return transactionOf(context, actor, async (em) => {
    const organization = await lockRow(em, OrganizationEntity, 'organization', actor.organizationId, input)
    organization.name = name
    await recordChange(
      context,
      em,
      actor,
      {
        type: 'organization.updated',
        subject: { kind: 'organization', id: organization.id },
        details: { name },
      },
      { upserts: [organizationSnapshot(organization)] },
    )
    return organization
  })
}
