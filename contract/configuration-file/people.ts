import Type from 'typebox'
import { closed, Name, Nullable, Optional, Time, Workspace } from './parts.ts'

/* Of which teams people are, and what they may do. */

const userName = Name('Their address, or the name of one who has none.')

/** What somebody added by hand; directories say of themselves who is in which group. */
export const Membership = Type.Object(
  {
    user: userName,
    team: Optional(Name('The team that they are of, or `businessUnit` with `customer`.')),
    businessUnit: Optional(Name('The business unit that they are of; needs `customer`.')),
    customer: Optional(Name('The customer of that business unit.')),
    workspace: Workspace,
  },
  closed,
)

const AssignedObject = Type.Object(
  {
    customer: Optional(Name('A customer, or that of the business unit.')),
    businessUnit: Optional(Name('A business unit; needs `customer`.')),
    team: Optional(Name('A team.')),
    virtualKey: Optional(Name('A virtual key.')),
    provider: Optional(Name('A provider.')),
  },
  {
    ...closed,
    minProperties: 1,
    maxProperties: 2,
    description: 'The only object that they have the role for; without: whatever the role reaches.',
  },
)

/** A role that a user has, with the virtual key that it brings along. */
export const RoleAssignment = Type.Object(
  {
    user: userName,
    role: Name('The role, also a system role.'),
    object: Optional(AssignedObject),
    expiresAt: Optional(
      Nullable(Time, 'When it ends by itself, such as "2030-01-31T12:00:00Z"; null: never.'),
    ),
    workspace: Optional(
      Name(
        'Where the object lives, or the virtual key that the role brings along; needed only where there are several.',
      ),
    ),
  },
  closed,
)
