import { builder } from '../../graphql/builder.ts'
import { Refusal } from '../../graphql/errors.ts'
import { RefusalInterface, refusalType } from '../../graphql/refusals.ts'
import type { Excess } from '../../rights.ts'

export class SystemRoleFixed extends Refusal {
  constructor(name: string) {
    super(
      'SYSTEM_ROLE',
      `"${name}" is a system role: its permissions can be changed, and nothing else; it is never deleted. Create a role that inherits from it`,
    )
  }
}

export class RoleCycle extends Refusal {
  constructor(name: string) {
    super('ROLE_CYCLE', `The role "${name}" would inherit from itself`)
  }
}

export class RoleTooDeep extends Refusal {
  constructor(name: string, limit: string) {
    super('ROLE_TOO_DEEP', `The role "${name}" would stand on more than ${limit} levels: inherit less deeply`)
  }
}

export class TooManyRoles extends Refusal {
  constructor(limit: string) {
    super('TOO_MANY_ROLES', `An organization has at most ${limit} roles: delete one that nobody has`)
  }
}

export class LastGrant extends Refusal {
  constructor(permissions: string) {
    super(
      'LAST_GRANT',
      `Nobody would be left who could give back "${permissions}": give another role that has it to somebody who can sign in, or issue an API token with one, first`,
    )
  }
}

/** Somebody wanted to give more than they have. */
export class RightsExceeded extends Refusal {
  readonly missingPermissions: readonly string[]

  constructor({ permissions, reach }: Excess) {
    const lacking = [...permissions.map((permission) => `"${permission}"`), ...reach].join(', ')
    super('RIGHTS_EXCEEDED', `Nobody can give what they do not have. Missing: ${lacking}`)
    this.missingPermissions = permissions
  }
}

refusalType(SystemRoleFixed, 'Of a system role, only the permissions can be changed, and none is deleted.')
refusalType(LastGrant, 'Nobody gives what they do not have, and nobody would have this any more.')
refusalType(RoleCycle, 'A role cannot inherit from itself, directly or by others.')
refusalType(RoleTooDeep, 'Roles inherit from one another over too many levels.')
refusalType(TooManyRoles, 'The organization has as many roles as it can have.')

builder.objectType(RightsExceeded, {
  name: 'RightsExceeded',
  description: 'What was to be given goes beyond the rights of whoever wanted to give it, or of its owner.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof RightsExceeded,
  fields: (t) => ({
    missingPermissions: t.stringList({
      description:
        'The permissions that are missing, each as `resource:operation`; none when only the reach is too wide.',
      resolve: ({ missingPermissions }) => [...missingPermissions],
    }),
  }),
})
