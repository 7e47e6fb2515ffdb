import { permissionsNamedBy, systemRoles } from '../../contract/permissions.ts'
import type { Members } from './members.ts'

/** The roles of an `enterprise` section, with those permissions of theirs that there are here. [S3-13] */
export function readRoles(enterprise: Members): Record<string, unknown> {
  const security = enterprise.object('security')
  const rbac = security?.object('rbac')
  if (rbac?.flag('enabled') === false) {
    rbac.notice('enabled', 'roles always hold: nobody does anything without one')
  }
  const roles = (rbac?.list('roles') ?? []).flatMap((role) => readRole(role))
  enterprise.value('enabled')
  for (const members of [rbac, security, enterprise]) members?.noticeRest()
  return roles.length > 0 ? { roles } : {}
}

function readRole(role: Members): Record<string, unknown>[] {
  const name = role.text('name') ?? ''
  const permissions = role.texts('permissions') ?? []
  role.noticeRest()
  if (Object.hasOwn(systemRoles, name)) {
    role.notice('name', `"${name}" is a system role here and stays as it is`)
    return []
  }
  const known = permissions.filter((pattern) => permissionsNamedBy(pattern).length > 0)
  const unknown = permissions.filter((pattern) => !known.includes(pattern))
  if (unknown.length > 0) {
    role.notice('permissions', `there are no permissions ${unknown.join(', ')} here: they are left out`)
  }
  return [{ name, permissions: known }]
}
