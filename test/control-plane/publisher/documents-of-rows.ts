import type { EntityManager } from '@mikro-orm/postgresql'
import { type Entity, keyOf } from '../../../contract/configuration/entities.ts'
import { holderChange } from '../../../control-plane/modules/access-tokens/index.ts'
import { BudgetEntity } from '../../../control-plane/modules/budgets/entity.ts'
import { budgetSnapshot } from '../../../control-plane/modules/budgets/snapshot.ts'
import { BusinessUnitEntity } from '../../../control-plane/modules/business-units/entity.ts'
import { businessUnitSnapshot } from '../../../control-plane/modules/business-units/snapshot.ts'
import { ClientConfigurationEntity } from '../../../control-plane/modules/client-configuration/entity.ts'
import { clientConfigurationSnapshot } from '../../../control-plane/modules/client-configuration/snapshot.ts'
import { CustomerEntity } from '../../../control-plane/modules/customers/entity.ts'
import { customerSnapshot } from '../../../control-plane/modules/customers/snapshot.ts'
import { DataPlaneEntity } from '../../../control-plane/modules/data-planes/entity.ts'
import { dataPlaneSnapshot } from '../../../control-plane/modules/data-planes/snapshot.ts'
import { RequestLimitEntity } from '../../../control-plane/modules/limits/entity.ts'
import { requestLimitSnapshot } from '../../../control-plane/modules/limits/snapshot.ts'
import { ModelEntity } from '../../../control-plane/modules/models/entity.ts'
import { modelSnapshot } from '../../../control-plane/modules/models/snapshot.ts'
import { OrganizationEntity } from '../../../control-plane/modules/organizations/entity.ts'
import { organizationSnapshot } from '../../../control-plane/modules/organizations/snapshot.ts'
import { PluginEntity } from '../../../control-plane/modules/plugins/entity.ts'
import { pluginSnapshot } from '../../../control-plane/modules/plugins/snapshot.ts'
import { ProviderEntity } from '../../../control-plane/modules/providers/entity.ts'
import { ProviderKeyEntity } from '../../../control-plane/modules/providers/provider-key-entity.ts'
import { providerKeySnapshot, providerSnapshot } from '../../../control-plane/modules/providers/snapshot.ts'
import { RoleAssignmentEntity } from '../../../control-plane/modules/roles/entity.ts'
import { readRoleGraph } from '../../../control-plane/modules/roles/graph.ts'
import { heldRolesSnapshot, roleSnapshots } from '../../../control-plane/modules/roles/snapshot.ts'
import { TeamEntity } from '../../../control-plane/modules/teams/entity.ts'
import { teamSnapshot } from '../../../control-plane/modules/teams/snapshot.ts'
import { UserEntity } from '../../../control-plane/modules/users/entity.ts'
import { userSnapshot } from '../../../control-plane/modules/users/snapshot.ts'
import { VirtualKeyEntity } from '../../../control-plane/modules/virtual-keys/entity.ts'
import { ProviderConfigEntity } from '../../../control-plane/modules/virtual-keys/provider-config-entity.ts'
import { listDigests } from '../../../control-plane/modules/virtual-keys/secrets.ts'
import { virtualKeySnapshot } from '../../../control-plane/modules/virtual-keys/snapshot.ts'

/** What data planes should be told: every module's slice, made anew from the rows, by entity key. */
export async function documentsOfRows(em: EntityManager): Promise<Map<string, Entity>> {
  const dataPlanes = await em.find(DataPlaneEntity, { revokedAt: null })
  const documents: Entity[] = [
    ...(await em.find(OrganizationEntity, {})).map(organizationSnapshot),
    ...(await em.find(CustomerEntity, {})).map(customerSnapshot),
    ...(await em.find(BusinessUnitEntity, {})).map(businessUnitSnapshot),
    ...(await em.find(TeamEntity, {})).map(teamSnapshot),
    ...(await em.find(ProviderEntity, {})).map(providerSnapshot),
    ...(await em.find(ProviderKeyEntity, {})).map(providerKeySnapshot),
    ...(await em.find(ModelEntity, {})).map(modelSnapshot),
    ...(await em.find(BudgetEntity, {})).map(budgetSnapshot),
    ...(await em.find(RequestLimitEntity, {})).map(requestLimitSnapshot),
    ...(await em.find(ClientConfigurationEntity, {})).map(clientConfigurationSnapshot),
    ...(await em.find(PluginEntity, {})).map(pluginSnapshot),
    ...dataPlanes.map(dataPlaneSnapshot),
    ...(await virtualKeyDocuments(em)),
    ...(await roleAndUserDocuments(em)),
    ...(await holderDocuments(em)),
  ]
  return new Map(documents.map((document) => [keyOf(document), document]))
}

/** What roles give is told while they govern inference, and else nothing of them. */
async function roleAndUserDocuments(em: EntityManager): Promise<Entity[]> {
  const users = (await em.find(UserEntity, {})).map(userSnapshot)
  const settings = await em.findOne(ClientConfigurationEntity, {})
  if (settings?.rolesGovernInference !== true) return users
  const assignments = (await em.find(RoleAssignmentEntity, {})).filter(({ objectId }) => objectId === null)
  const withRoles = users.map((user) => {
    const roles = heldRolesSnapshot(assignments.filter(({ userId }) => userId === user.id))
    return roles.length > 0 ? { ...user, roles } : user
  })
  return [...withRoles, ...roleSnapshots(await readRoleGraph(em))]
}

async function holderDocuments(em: EntityManager): Promise<readonly Entity[]> {
  const users = await em.find(UserEntity, {})
  const [organizationId = ''] = users.map((user) => user.organizationId)
  const ids = users.map(({ id }) => id)
  return (await holderChange(em, organizationId, ids)).upserts
}

async function virtualKeyDocuments(em: EntityManager): Promise<Entity[]> {
  const documents: Entity[] = []
  const keys = await em.find(VirtualKeyEntity, {})
  const ids = keys.map(({ id }) => id)
  const digests = await listDigests(em, ids)
  for (const key of keys) {
    const configs = await em.find(ProviderConfigEntity, { virtualKeyId: key.id }, { orderBy: { id: 'asc' } })
    documents.push(virtualKeySnapshot(key, configs, digests.get(key.id) ?? []))
  }
  return documents
}

/** What data planes are told, by entity key. */
export async function publishedDocuments(em: EntityManager): Promise<Map<string, Entity>> {
  const rows = await em.execute<{ document: Entity }[]>('select document from config_entities')
  return new Map(rows.map(({ document }) => [keyOf(document), document]))
}
