import { AccessChangeEntity } from '../modules/access-changes/entity.ts'
import { AccessPolicyEntity } from '../modules/access-policies/entity.ts'
import { AccessProfileEntity, ProfileProviderConfigEntity } from '../modules/access-profiles/entity.ts'
import { ApiTokenEntity } from '../modules/api-tokens/entity.ts'
import { AuditEventEntity } from '../modules/audit/entity.ts'
import { BreakGlassAccountEntity } from '../modules/break-glass/entity.ts'
import { BudgetCrossingEntity } from '../modules/budgets/crossing-entity.ts'
import { BudgetEntity } from '../modules/budgets/entity.ts'
import { BusinessUnitEntity } from '../modules/business-units/entity.ts'
import { ClientConfigurationChangeEntity } from '../modules/client-configuration/change-entity.ts'
import { ClientConfigurationEntity } from '../modules/client-configuration/entity.ts'
import { ConfigurationApplicationEntity } from '../modules/configuration/application-entity.ts'
import { CustomerEntity } from '../modules/customers/entity.ts'
import { DataPlaneEntity } from '../modules/data-planes/entity.ts'
import { DirectorySyncRunEntity } from '../modules/directory-sync/entity.ts'
import { IdentityProviderEntity, UserIdentityEntity } from '../modules/identity-providers/entity.ts'
import { JwtProviderEntity } from '../modules/jwt-providers/entity.ts'
import { RequestLimitEntity } from '../modules/limits/entity.ts'
import { MembershipEntity } from '../modules/memberships/entity.ts'
import { MfaPolicyEntity } from '../modules/mfa/entity.ts'
import { ModelEntity } from '../modules/models/entity.ts'
import { ModelPricesEntity } from '../modules/models/price-history.ts'
import { OrganizationEntity } from '../modules/organizations/entity.ts'
import { PluginEntity } from '../modules/plugins/entity.ts'
import { ProviderEntity } from '../modules/providers/entity.ts'
import { ProviderKeyEntity } from '../modules/providers/provider-key-entity.ts'
import { RoleAssignmentEntity, RoleEntity } from '../modules/roles/entity.ts'
import { TeamEntity } from '../modules/teams/entity.ts'
import { UsageRecordEntity } from '../modules/usage/entity.ts'
import { UserEntity } from '../modules/users/entity.ts'
import { VirtualKeyEntity } from '../modules/virtual-keys/entity.ts'
import { ProviderConfigEntity } from '../modules/virtual-keys/provider-config-entity.ts'
import { WorkspaceEntity } from '../modules/workspaces/entity.ts'
import { SessionEntity } from '../sessions/entity.ts'

/** Every entity that the ORM knows. */
export const entities = [
  OrganizationEntity,
  WorkspaceEntity,
  CustomerEntity,
  BusinessUnitEntity,
  TeamEntity,
  UserEntity,
  MembershipEntity,
  RoleEntity,
  RoleAssignmentEntity,
  ApiTokenEntity,
  AccessChangeEntity,
  AccessPolicyEntity,
  IdentityProviderEntity,
  UserIdentityEntity,
  JwtProviderEntity,
  BreakGlassAccountEntity,
  DirectorySyncRunEntity,
  MfaPolicyEntity,
  AuditEventEntity,
  ProviderEntity,
  ProviderKeyEntity,
  ModelEntity,
  ModelPricesEntity,
  VirtualKeyEntity,
  ProviderConfigEntity,
  AccessProfileEntity,
  ProfileProviderConfigEntity,
  BudgetEntity,
  BudgetCrossingEntity,
  RequestLimitEntity,
  ClientConfigurationEntity,
  ClientConfigurationChangeEntity,
  PluginEntity,
  DataPlaneEntity,
  UsageRecordEntity,
  ConfigurationApplicationEntity,
  SessionEntity,
] as const
