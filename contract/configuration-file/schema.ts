import Type, { type Static } from 'typebox'
import { StalenessSeconds } from '../configuration/parts.ts'
import { credentialKinds } from '../credential-kinds.ts'
import { AccessProfile, Provider, VirtualKey } from './access.ts'
import { closed, governed, Name, Names, Nullable, Optional, Switch, Workspace } from './parts.ts'
import { Membership, RoleAssignment } from './people.ts'
import { Role } from './roles.ts'

/*
 * The whole configuration of an organization as a file that people write. Things are named, never numbered: a name
 * is what makes an entry of the file and a thing of the organization the same. What a file leaves out stays as it is.
 */

const WorkspaceEntry = Type.Object({ name: Name('Unique in the organization.') }, closed)

const Customer = Type.Object(
  { name: Name('Unique in the workspace.'), workspace: Workspace, ...governed },
  closed,
)

const BusinessUnit = Type.Object(
  {
    name: Name('Unique at its customer.'),
    customer: Name('The customer that it belongs to.'),
    workspace: Workspace,
    ...governed,
  },
  closed,
)

const Team = Type.Object(
  {
    name: Name('Unique in the workspace.'),
    workspace: Workspace,
    customer: Optional(Nullable(Name('A customer.'), 'The customer that its calls are charged to.')),
    businessUnit: Optional(
      Nullable(
        Name('A business unit.'),
        'The business unit of that customer that its calls are charged to; needs `customer`.',
      ),
    ),
    ...governed,
  },
  closed,
)

const Access = Type.Object(
  {
    allowedModels: Optional(Names('Models that they may call: names, `regex:` patterns; `["*"]`: all.')),
    deniedModels: Optional(Names('Models that they may not call, whatever is allowed.')),
    allowedProviders: Optional(Names('Providers that they may use: names, `regex:` patterns; `["*"]`: all.')),
    deniedProviders: Optional(Names('Providers that they may not use, whatever is allowed.')),
  },
  { ...closed, description: 'What their virtual keys may ask for.' },
)

const User = Type.Object(
  {
    name: Name('What people call them; tells users without an address apart.'),
    email: Optional(Type.String({ minLength: 3, maxLength: 254, description: 'Unique; tells users apart.' })),
    team: Optional(Nullable(Name('A team.'), 'The team that their calls are charged to.')),
    workspace: Optional(Name('The workspace of their team; needed only where there are several.')),
    active: Optional(Switch('False refuses every call with their keys.')),
    access: Optional(Access),
    ...governed,
  },
  closed,
)

const HeaderFilter = Type.Object(
  {
    allowlist: Optional(
      Nullable(Names('Header names.'), 'What may go to providers. `[]`: nothing. Null: all but the denied.'),
    ),
    denylist: Optional(Names('What never goes to providers.')),
    forwardDirect: Optional(Switch('Whether an allowed header also goes without the prefix x-bf-eh-.')),
  },
  closed,
)

const RequiredHeader = Type.Object(
  {
    name: Name('A header, none that carries a credential; each at most once.'),
    pattern: Type.String({
      maxLength: 256,
      description: '`*` for any value but an empty one, or an RE2 pattern for the whole value.',
    }),
  },
  closed,
)

export const ClientConfiguration = Type.Object(
  {
    allowedOrigins: Optional(Names('Web origins whose pages may call.')),
    allowedHeaders: Optional(Names('Headers that such a page may send.')),
    headerFilter: Optional(HeaderFilter),
    requiredHeaders: Optional(
      Type.Array(RequiredHeader, { maxItems: 16, description: 'What every call must carry.' }),
    ),
    ipAllowlist: Optional(
      Names('Addresses and networks that calls may come from, such as "10.0.0.0/8"; `[]`: everywhere.'),
    ),
    trustedProxies: Optional(Names('Addresses and networks whose X-Forwarded-For is believed.')),
    requireApprovalForHeaderChanges: Optional(
      Switch('Whether letting more headers through needs a second person, which no file is.'),
    ),
    maxStalenessSeconds: Optional(
      Nullable(
        StalenessSeconds,
        'How long data planes may serve without word from the control plane; null: as long as it takes.',
      ),
    ),
    showBudgetAmounts: Optional(Switch('Whether callers read the limit of a budget and what is used of it.')),
    rolesGovernInference: Optional(
      Switch('Whether people may ask data planes only for what their roles give of `inference:…`.'),
    ),
    acceptedCredentials: Optional(
      Type.Array(Type.Enum([...credentialKinds]), {
        minItems: 1,
        maxItems: credentialKinds.length,
        description: 'By what the control plane lets people and programs in, each kind once.',
      }),
    ),
  },
  { ...closed, description: 'What callers must and may send to the data planes, and from where.' },
)

const Plugin = Type.Object(
  {
    name: Name('The plugin, as data planes report it.'),
    enabled: Optional(Switch('Whether calls pass it; not for a built-in one.')),
    position: Optional(
      Type.Object(
        {
          side: Type.Enum(['BEFORE', 'AFTER'], { description: 'Before or after.' }),
          of: Name('A built-in plugin.'),
        },
        { ...closed, description: 'Where it stands; not for a built-in one.' },
      ),
    ),
    order: Optional(
      Type.Integer({ minimum: -1_000_000, maximum: 1_000_000, description: 'Among those of one position.' }),
    ),
    config: Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'All of its configuration.' }),
    ),
  },
  closed,
)

export const Organization = Type.Object(
  { ...governed },
  { ...closed, description: 'The budget and the limit of the whole organization.' },
)

/** The lists of a file, and what one of their entries is. */
export const entrySchemas = {
  workspaces: WorkspaceEntry,
  customers: Customer,
  businessUnits: BusinessUnit,
  teams: Team,
  users: User,
  providers: Provider,
  accessProfiles: AccessProfile,
  roles: Role,
  virtualKeys: VirtualKey,
  memberships: Membership,
  roleAssignments: RoleAssignment,
  plugins: Plugin,
} as const

export const ConfigurationFile = Type.Object(
  {
    version: Type.Literal(1, { description: 'The form of this file.' }),
    organization: Optional(Organization),
    workspaces: Optional(
      Type.Array(WorkspaceEntry, { description: 'What keeps customers and teams apart.' }),
    ),
    customers: Optional(Type.Array(Customer, { description: 'Whoever is charged.' })),
    businessUnits: Optional(Type.Array(BusinessUnit, { description: 'Parts of customers.' })),
    teams: Optional(Type.Array(Team, { description: 'People who share keys and a budget.' })),
    users: Optional(Type.Array(User, { description: 'People, and services that stand for one.' })),
    providers: Optional(Type.Array(Provider, { description: 'Who answers calls.' })),
    accessProfiles: Optional(Type.Array(AccessProfile, { description: 'Templates of virtual keys.' })),
    roles: Optional(Type.Array(Role, { description: 'What people and API tokens may do.' })),
    virtualKeys: Optional(Type.Array(VirtualKey, { description: 'What applications present.' })),
    memberships: Optional(
      Type.Array(Membership, { description: 'Who is of which team and business unit besides their own.' }),
    ),
    roleAssignments: Optional(Type.Array(RoleAssignment, { description: 'Who has which role.' })),
    clientConfiguration: Optional(ClientConfiguration),
    plugins: Optional(Type.Array(Plugin, { description: 'Stages that calls pass.' })),
  },
  { ...closed, title: 'Gatehouse configuration', description: 'What "gatehouse apply" reads.' },
)

export type ConfigurationFile = Static<typeof ConfigurationFile>
export type EntryList = keyof typeof entrySchemas
