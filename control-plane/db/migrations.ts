import type { SchemaMigration } from './migration.ts'
import { tenants } from './migrations/001-tenants.ts'
import { distribution } from './migrations/002-distribution.ts'
import { governance } from './migrations/003-governance.ts'
import { roles } from './migrations/011-roles.ts'
import { virtualKeys } from './migrations/012-virtual-keys.ts'
import { live } from './migrations/014-live.ts'
import { requestIds } from './migrations/015-request-ids.ts'
import { clientRules } from './migrations/016-client-rules.ts'
import { roleVersions } from './migrations/017-role-versions.ts'
import { wholeConfiguration } from './migrations/019-whole-configuration.ts'
import { userAccess } from './migrations/021-user-access.ts'
import { memberships } from './migrations/022-memberships.ts'
import { systemRolePermissions } from './migrations/023-system-role-permissions.ts'
import { roleObjects } from './migrations/024-role-objects.ts'
import { longLists } from './migrations/025-long-lists.ts'
import { prunedHistory } from './migrations/026-pruned-history.ts'
import { profilePurpose } from './migrations/027-profile-purpose.ts'
import { signingKeySets } from './migrations/029-signing-key-sets.ts'
import { exposedProviderKeys } from './migrations/030-exposed-provider-keys.ts'
import { freshConfigurations } from './migrations/031-fresh-configurations.ts'
import { recordGaps } from './migrations/032-record-gaps.ts'
import { keyPriority } from './migrations/034-key-priority.ts'
import { refusedRevision } from './migrations/035-refused-revision.ts'
import { budgetWindows } from './migrations/036-budget-windows.ts'
import { priceKinds } from './migrations/037-price-kinds.ts'
import { budgetModes } from './migrations/038-budget-modes.ts'
import { abandonedAnswers } from './migrations/039-abandoned-answers.ts'
import { tokenAndConcurrencyLimits } from './migrations/040-token-and-concurrency-limits.ts'
import { shownAmounts } from './migrations/041-shown-amounts.ts'
import { budgetStanding } from './migrations/042-budget-standing.ts'
import { usageRollups } from './migrations/043-usage-rollups.ts'
import { budgetReconciliation } from './migrations/044-budget-reconciliation.ts'
import { budgetDrifts } from './migrations/046-budget-drifts.ts'
import { deferredSums } from './migrations/047-deferred-sums.ts'
import { identityProviders } from './migrations/048-identity-providers.ts'
import { sessions } from './migrations/049-sessions.ts'
import { directories } from './migrations/050-directories.ts'
import { accessTokens } from './migrations/051-access-tokens.ts'
import { accessPolicies } from './migrations/052-access-policies.ts'
import { stepUp } from './migrations/053-step-up.ts'
import { apiTokenRotation } from './migrations/054-api-token-rotation.ts'
import { breakGlass } from './migrations/057-break-glass.ts'
import { jwtProviders } from './migrations/059-jwt-providers.ts'
import { accessChanges } from './migrations/060-access-changes.ts'
import { businessUnitRules } from './migrations/061-business-unit-rules.ts'
import { inferenceRoles } from './migrations/062-inference-roles.ts'
import { acceptedCredentials } from './migrations/063-accepted-credentials.ts'
import { directoryRefusals } from './migrations/064-directory-refusals.ts'
import { directoryRefusalsKept } from './migrations/065-directory-refusals-kept.ts'
import { sessionsOfDeletedUsers } from './migrations/066-sessions-of-deleted-users.ts'
import { shownSecrets } from './migrations/067-shown-secrets.ts'

/** The schema's history, oldest first. */
export const migrations: readonly SchemaMigration[] = [
  tenants,
  distribution,
  governance,
  roles,
  virtualKeys,
  live,
  requestIds,
  clientRules,
  roleVersions,
  wholeConfiguration,
  userAccess,
  memberships,
  systemRolePermissions,
  roleObjects,
  longLists,
  prunedHistory,
  profilePurpose,
  signingKeySets,
  exposedProviderKeys,
  freshConfigurations,
  recordGaps,
  keyPriority,
  refusedRevision,
  budgetWindows,
  priceKinds,
  budgetModes,
  abandonedAnswers,
  tokenAndConcurrencyLimits,
  shownAmounts,
  budgetStanding,
  usageRollups,
  budgetReconciliation,
  budgetDrifts,
  deferredSums,
  identityProviders,
  sessions,
  directories,
  accessTokens,
  accessPolicies,
  stepUp,
  apiTokenRotation,
  breakGlass,
  jwtProviders,
  accessChanges,
  businessUnitRules,
  inferenceRoles,
  acceptedCredentials,
  directoryRefusals,
  directoryRefusalsKept,
  sessionsOfDeletedUsers,
  shownSecrets,
]
