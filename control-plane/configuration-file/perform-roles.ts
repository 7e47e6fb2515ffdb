import type { FileBudget, FileRequestLimit } from '../../contract/configuration-file/parts.ts'
import type { ProfilePurpose } from '../modules/access-profiles/entity.ts'
import {
  createAccessProfile,
  deleteAccessProfile,
  updateAccessProfile,
} from '../modules/access-profiles/service.ts'
import { usualWindowTerms } from '../modules/budgets/window-terms.ts'
import { createRole, deleteRole, updateRole } from '../modules/roles/service.ts'
import type { ContentLogging } from '../modules/virtual-keys/entity.ts'
import type { ExpiryPreset } from '../modules/virtual-keys/expiry.ts'
import { createWorkspace, deleteWorkspace } from '../modules/workspaces/service.ts'
import type { RowScope } from '../rights.ts'
import type { NamedIds } from './names.ts'
import type { Changed, Performer } from './perform.ts'
import { type FileProvider, providerConfigs } from './provider-configs.ts'
import { nanoUsdOfUsd } from './usd.ts'

const workspace: Performer = {
  create: async ({ context, actor }, { name: [name = ''] }) =>
    (await createWorkspace(context, actor, { name })).id,
  update: async () => undefined,
  delete: ({ context, actor }, { id }) => deleteWorkspace(context, actor, id),
}

interface ProfileFields {
  readonly description?: string
  readonly purpose?: string
  readonly allowAllProviders?: boolean
  readonly contentLogging?: string
  readonly expiresIn?: ExpiryPreset | null
  readonly deleteAfterExpiry?: boolean
  readonly providers?: readonly FileProvider[]
  readonly budgets?: readonly FileBudget[]
  readonly requestLimits?: readonly FileRequestLimit[]
}

const access_profile: Performer = {
  async create({ context, actor, ids }, { name: [name = ''], fields }) {
    const input = { providerConfigs: [], ...profileInput(ids, fields), name }
    return (await createAccessProfile(context, actor, input)).id
  },
  update: ({ context, actor, ids }, { id }, _item, changed) =>
    updateAccessProfile(context, actor, { id, ...profileInput(ids, changed) }),
  delete: ({ context, actor }, { id }) => deleteAccessProfile(context, actor, id),
}

function profileInput(ids: NamedIds, fields: Changed) {
  const { providers, budgets, contentLogging, purpose, ...terms } = fields as ProfileFields
  return {
    ...terms,
    ...(purpose && { purpose: purpose.toLowerCase() as ProfilePurpose }),
    ...(contentLogging && { contentLogging: contentLogging.toLowerCase() as ContentLogging }),
    ...(providers && { providerConfigs: providerConfigs(ids, providers) }),
    ...(budgets && {
      budgets: budgets.map(({ limitUsd, period, window, mode }) => ({
        limit: nanoUsdOfUsd(limitUsd),
        period,
        window: window ?? usualWindowTerms,
        mode,
      })),
    }),
  }
}

interface RoleFields {
  readonly description?: string
  readonly permissions?: readonly string[]
  readonly inherits?: readonly string[]
  readonly workspaces?: readonly string[] | null
  readonly rowScope?: string
  readonly accessProfile?: string | null
}

const role: Performer = {
  async create({ context, actor, ids }, { name: [name = ''], fields }) {
    const input = { permissions: [], ...roleInput(ids, fields), name }
    return (await createRole(context, actor, input)).id
  },
  update: ({ context, actor, ids }, { id }, _item, changed) =>
    updateRole(context, actor, { id, ...roleInput(ids, changed) }),
  delete: ({ context, actor }, { id }) => deleteRole(context, actor, id),
}

function roleInput(ids: NamedIds, fields: Changed) {
  const { description, permissions, inherits, workspaces, rowScope, accessProfile } = fields as RoleFields
  return {
    ...(description !== undefined && { description }),
    ...(permissions && { permissions }),
    ...(inherits && { inheritedRoleIds: inherits.map((name) => ids.of('role', [name])) }),
    ...(workspaces !== undefined && {
      workspaceIds: workspaces === null ? null : workspaces.map((name) => ids.workspace(name)),
    }),
    ...(rowScope && { rowScope: rowScope.toLowerCase() as RowScope }),
    ...(accessProfile !== undefined && {
      accessProfileId: accessProfile && ids.of('access_profile', [accessProfile]),
    }),
  }
}

export const performRoles = { workspace, access_profile, role }
