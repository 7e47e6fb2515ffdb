import type { EntityManager } from '@mikro-orm/postgresql'
import type { Permission } from '../../../contract/permissions.ts'
import type { Actor } from '../../actor.ts'
import { recordChange, toldByRows } from '../../change.ts'
import { refuseViolations } from '../../db/constraints.ts'
import { newId } from '../../db/id.ts'
import { type ExpectedVersion, lockRow, requireRow } from '../../db/require-row.ts'
import { InUse, NameTaken, NotFound } from '../../graphql/refusals.ts'
import { checkName } from '../../input.ts'
import { type ServiceContext, transactionOf } from '../../service-context.ts'
import { type Workspace, WorkspaceEntity } from './entity.ts'

/**
 * The workspace in which the actor wants to use a permission.
 *
 * @throws NotFound when there is none, or none that the actor may see.
 * @throws Forbidden
 */
export async function requireWorkspace(
  em: EntityManager,
  actor: Actor,
  permission: Permission,
  workspaceId: string,
): Promise<Workspace> {
  if (!actor.reaches(workspaceId)) throw new NotFound('workspace', workspaceId)
  actor.require(permission, { workspaceId })
  return requireRow(em, WorkspaceEntity, 'workspace', workspaceId)
}

const nameTaken = (name: string) => ({
  unique: { workspaces_name_key: () => new NameTaken('workspace', name) },
})

/** @throws NameTaken */
export function createWorkspace(
  context: ServiceContext,
  actor: Actor,
  input: { readonly name: string },
): Promise<Workspace> {
  actor.require('workspaces:create', { workspaceId: null })
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    const workspace = em.create(WorkspaceEntity, {
      id: newId('ws'),
      organizationId: actor.organizationId,
      name,
      createdAt: new Date(context.now()),
    })
    await recordChange(context, em, actor, describe('workspace.created', workspace), toldByRows)
    return workspace
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, NameTaken */
export function updateWorkspace(
  context: ServiceContext,
  actor: Actor,
  input: ExpectedVersion & { readonly id: string; readonly name: string },
): Promise<Workspace> {
  const name = checkName('name', input.name)
  const work = transactionOf(context, actor, async (em) => {
    await requireWorkspace(em, actor, 'workspaces:update', input.id)
    const workspace = await lockRow(em, WorkspaceEntity, 'workspace', input.id, input)
    workspace.name = name
    await recordChange(context, em, actor, describe('workspace.updated', workspace), toldByRows)
    return workspace
  })
  return refuseViolations(nameTaken(name), work)
}

/** @throws NotFound, InUse */
export function deleteWorkspace(context: ServiceContext, actor: Actor, id: string): Promise<{ id: string }> {
  actor.require('workspaces:delete', { workspaceId: null })
  const work = transactionOf(context, actor, async (em) => {
    const workspace = await lockRow(em, WorkspaceEntity, 'workspace', id)
    em.remove(workspace)
    await recordChange(context, em, actor, describe('workspace.deleted', workspace), toldByRows)
    return { id }
  })
  return refuseViolations(
    {
      referenced: () =>
        new InUse('workspace', 'customers, teams, virtual keys, API tokens or identity providers'),
    },
    work,
  )
}

function describe(type: string, { id, name }: Workspace) {
  return { type, subject: { kind: 'workspace', id }, workspaceId: id, details: { name } }
}
