import { type Permission, permissionsNamedBy } from '../../../contract/permissions.ts'
import { BadUserInput } from '../../graphql/errors.ts'

/**
 * The permissions that these patterns name. A pattern means what the catalogue holds now: a permission of a later
 * release is given by nobody's old pattern.
 *
 * @throws BadUserInput that names a pattern which stands for nothing.
 */
export function expandPermissions(field: string, patterns: readonly string[]): Permission[] {
  const found = new Set<Permission>()
  for (const pattern of new Set(patterns)) {
    const named = permissionsNamedBy(pattern)
    if (named.length === 0) {
      throw new BadUserInput(field, `"${pattern.slice(0, 64)}" names no permission: see permissionCatalog`)
    }
    for (const permission of named) found.add(permission)
  }
  return [...found].sort()
}
