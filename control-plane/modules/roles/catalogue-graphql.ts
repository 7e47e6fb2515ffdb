import { permissionCatalog } from '../../../contract/permissions.ts'
import { builder } from '../../graphql/builder.ts'

type Resource = keyof typeof permissionCatalog

/** For whoever decides what a role may do. [X0-01] */
const descriptions: Readonly<Record<Resource, string>> = {
  organization: 'The organization itself, its name and its budget.',
  workspaces: 'What keeps customers, teams and virtual keys apart.',
  customers: 'Whoever is charged.',
  business_units: 'Parts of customers.',
  teams: 'People who share keys and a budget.',
  users: 'People, and services that stand for one.',
  virtual_keys: 'What applications present. Only who may import brings secrets of their own.',
  access_profiles: 'Templates of virtual keys, which change with them.',
  providers: 'Who answers calls, at which address.',
  provider_keys: 'The credentials of providers. Nobody sees a secret again.',
  models: 'What providers offer, under which names and at what prices.',
  budgets: 'What may be spent.',
  limits: 'How many calls may be made.',
  client_configuration: 'From where callers may come, and which of their headers go on.',
  plugins: 'The stages that calls pass.',
  configuration: 'The configuration as a whole: its revisions and files.',
  data_planes: 'What serves calls. Who may create can enrol one.',
  api_tokens: 'What people and programs use this API with.',
  roles: 'What people and API tokens may do, and who has which role.',
  access_changes: 'What waits for a second person: changes of roles and of identity providers.',
  access_policies: 'What people and API tokens may not do, whatever their roles say, and when.',
  identity_providers: 'Where people sign in, and which roles and teams they get by it.',
  mfa_policy: 'What people have to prove besides being signed in, and for what.',
  sessions: 'Where people are signed in. Everybody sees and ends their own.',
  usage: 'What calls used and cost.',
  audit_logs: 'Who did what.',
  inference:
    'Calls of people to data planes, while the client configuration says `rolesGovernInference`: `chat` is chat completions, completions and responses.',
}

const CatalogueEntryType = builder
  .objectRef<{ resource: Resource; operations: readonly string[] }>('PermissionCatalogEntry')
  .implement({
    description: 'What can be done to one kind of thing.',
    fields: (t) => ({
      resource: t.exposeString('resource', { description: '`virtual_keys`, `budgets`, …' }),
      description: t.string({
        description: 'What the things are, for people.',
        resolve: ({ resource }) => descriptions[resource],
      }),
      operations: t.stringList({
        description: '`view`, `create`, …: with the resource each is a permission, `virtual_keys:view`.',
        resolve: ({ operations }) => [...operations],
      }),
    }),
  })

builder.queryField('permissionCatalog', (t) =>
  t.field({
    type: [CatalogueEntryType],
    permission: 'authenticated',
    description: 'All permissions that there are.',
    resolve: () =>
      Object.entries(permissionCatalog).map(([resource, operations]) => ({
        resource: resource as Resource,
        operations,
      })),
  }),
)
