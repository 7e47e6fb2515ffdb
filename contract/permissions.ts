/** What can be done to each resource. A permission is written `resource:operation`. */
export const permissionCatalog = {
  organization: ['view', 'update'],
  workspaces: ['view', 'create', 'update', 'delete'],
  customers: ['view', 'create', 'update', 'delete'],
  business_units: ['view', 'create', 'update', 'delete'],
  teams: ['view', 'create', 'update', 'delete'],
  users: ['view', 'create', 'update', 'delete'],
  virtual_keys: ['view', 'create', 'update', 'rotate', 'revoke', 'import'],
  access_profiles: ['view', 'create', 'update', 'delete'],
  providers: ['view', 'create', 'update', 'delete'],
  provider_keys: ['view', 'create', 'update', 'delete'],
  models: ['view', 'create', 'update', 'delete'],
  budgets: ['view', 'update'],
  limits: ['view', 'update'],
  client_configuration: ['view', 'update', 'approve'],
  plugins: ['view', 'update'],
  configuration: ['view', 'export', 'apply', 'roll_back'],
  data_planes: ['view', 'create', 'delete'],
  api_tokens: ['view', 'create', 'rotate', 'revoke'],
  roles: ['view', 'create', 'update', 'delete', 'assign'],
  access_changes: ['view', 'update', 'approve'],
  access_policies: ['view', 'create', 'update', 'delete'],
  identity_providers: ['view', 'create', 'update', 'delete'],
  mfa_policy: ['view', 'update'],
  sessions: ['view', 'revoke'],
  usage: ['view'],
  audit_logs: ['view', 'download'],
  /** Of the calls of people, on data planes, while the client configuration says `rolesGovernInference`. */
  inference: ['chat', 'embeddings', 'images'],
} as const satisfies Record<string, readonly string[]>

type Catalog = typeof permissionCatalog

/** What calls ask of providers, each a permission of its own. */
export const inferenceOperations = permissionCatalog.inference
export type InferenceOperation = (typeof inferenceOperations)[number]

export type Permission = { [R in keyof Catalog & string]: `${R}:${Catalog[R][number]}` }[keyof Catalog &
  string]

export const allPermissions: readonly Permission[] = Object.entries(permissionCatalog).flatMap(
  ([resource, operations]) => operations.map((operation) => `${resource}:${operation}` as Permission),
)

/**
 * What a pattern stands for today: `resource:operation`, where either may be `*`, or `*` alone. Nothing when it names
 * none of the catalogue. [S3-13]
 */
export function permissionsNamedBy(pattern: string): Permission[] {
  if (pattern === '*') return [...allPermissions]
  const [resource, operation, ...rest] = pattern.split(':')
  if (rest.length > 0) return []
  return allPermissions.filter((permission) => {
    const [itsResource, itsOperation] = permission.split(':')
    return (resource === '*' || resource === itsResource) && (operation === '*' || operation === itsOperation)
  })
}

/** Whether data planes judge it, by what they are told of roles, and nobody else. */
export function isInference(permission: Permission): boolean {
  return permission.startsWith('inference:')
}

/** How people get in is nobody's business but that of those who decide it. */
const ofAccess = [
  ...[
    'audit_logs:view',
    'api_tokens:view',
    'access_changes:view',
    'access_policies:view',
    'identity_providers:view',
    'mfa_policy:view',
    'sessions:view',
  ],
]
const views = allPermissions.filter((permission) => permission.endsWith(':view'))
const generalViews = views.filter((permission) => !ofAccess.includes(permission))

/** The three roles that every organization has; `privilegeLevel` orders them. [S0-09…S0-12] */
export const systemRoles = {
  admin: { privilegeLevel: 100, permissions: allPermissions },
  developer: {
    privilegeLevel: 50,
    permissions: [
      ...generalViews,
      'virtual_keys:create',
      'virtual_keys:update',
      'virtual_keys:rotate',
      'virtual_keys:revoke',
      ...inferenceOperations.map((operation) => `inference:${operation}` as const),
    ],
  },
  viewer: {
    privilegeLevel: 10,
    permissions: generalViews.filter(
      (permission) => !['provider_keys:view', 'data_planes:view', 'configuration:view'].includes(permission),
    ),
  },
} as const satisfies Record<string, { privilegeLevel: number; permissions: readonly Permission[] }>

export type SystemRole = keyof typeof systemRoles
