import Type from 'typebox'
import { closed, Name, Names, Nullable, Optional } from './parts.ts'

/** What people and API tokens may do. */
export const Role = Type.Object(
  {
    name: Name('Unique in the organization. Of a system role, only `permissions` can be said.'),
    description: Optional(Type.String({ maxLength: 1_024, description: 'What it is for.' })),
    permissions: Optional(
      Names('Each `resource:operation`; `*` may stand for either, or alone for all of today.'),
    ),
    inherits: Optional(Names('Roles whose permissions it has too.')),
    workspaces: Optional(
      Nullable(Names('Names of workspaces.'), 'The only ones that it reaches; null: all there are.'),
    ),
    rowScope: Optional(Type.Enum(['OWN', 'TEAM', 'ALL'], { description: 'Whose rows it shows.' })),
    accessProfile: Optional(
      Nullable(Name('An access profile.'), 'Of the virtual key that everybody gets with the role.'),
    ),
  },
  closed,
)
