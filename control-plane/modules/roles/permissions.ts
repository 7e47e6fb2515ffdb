import { allPermissions, type Permission } from '../../../contract/permissions.ts'
import { BadUserInput } from '../../graphql/errors.ts'

/**
 * The permissions that these patterns name: `resource:operation`, where either may be `*`, or `*` alone. A pattern
 * means what the catalogue holds now: a permission of a later release is given by nobody's old pattern. [S3-13]
 *
 * @throws BadUserInput that names a pattern which stands for nothing.
 */
export function expandPermissions(field: string, patterns: readonly string[]): Permission[] {
  const found = new Set<Permission>()
  for (const pattern of new Set(patterns)) {
    const named = allPermissions.filter((permission) => matches(pattern, permission))
    if (named.length === 0) {
      throw new BadUserInput(field, `"${pattern.slice(0, 64)}" names no permission: see permissionCatalog`)
    }
    for (const permission of named) found.add(permission)
  }
  return [...found].sort()
}

function matches(pattern: string, permission: Permission): boolean {
  if (pattern === '*') return true
  const [resource, operation, ...rest] = pattern.split(':')
  const [itsResource, itsOperation] = permission.split(':')
  if (rest.length > 0) return false
  return (resource === '*' || resource === itsResource) && (operation === '*' || operation === itsOperation)
}
