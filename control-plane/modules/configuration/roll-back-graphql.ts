import { builder } from '../../graphql/builder.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { AccessChangesNeedApproval } from '../access-changes/index.ts'
import { LastGrant, RightsExceeded, RoleCycle, RoleTooDeep, TooManyRoles } from '../roles/index.ts'
import { CannotRestore, ChangedMeanwhile, RevisionNotKept } from './errors.ts'
import { ConfigurationRevisionType, EntityChangeType } from './revisions-graphql.ts'
import { type RolledBack, rollBackConfiguration } from './roll-back.ts'

const RolledBackType = builder.objectRef<RolledBack>('RolledBackConfiguration').implement({
  description: 'A configuration that was rolled back, or how it would be.',
  fields: (t) => ({
    dryRun: t.exposeBoolean('dryRun', { description: 'Whether it was only tried.' }),
    revision: t.field({
      type: ConfigurationRevisionType,
      description:
        'The new revision, whose changes undo those that came after the earlier one; after a dry run the present one, which stays.',
      resolve: ({ revision }) => revision,
    }),
    changes: t.field({
      type: [EntityChangeType],
      description: 'What becomes of each entity. Never a secret.',
      resolve: ({ changes }) => changes,
    }),
    skipped: t.exposeStringList('skipped', { description: 'What stayed as it was, and why.' }),
  }),
})

const RollBackConfigurationInput = builder.inputType('RollBackConfigurationInput', {
  description: 'Which revision to go back to.',
  fields: (t) => ({
    revision: t.int({ required: true, description: 'An earlier revision of the present epoch.' }),
    skipUnrestorable: t.boolean({
      description: 'True leaves what cannot be restored as it is; otherwise it is refused by name.',
    }),
    dryRun: t.boolean({
      description: 'True tries everything and changes nothing: `changes` and `skipped` say what would be.',
    }),
  }),
})

builder.mutationField('rollBackConfiguration', (t) =>
  t.field({
    type: RolledBackType,
    permission: 'configuration:roll_back',
    description:
      'Makes the configuration what it was at an earlier revision, as a new revision in one transaction. Secrets stay those of today: a key that was rotated keeps its new secret, one that was revoked or removed cannot come back, and one that was issued since is switched off. A user who was switched off since stays off. Workspaces, roles and access profiles come back too. To create, change or delete roles by it needs the permission to do so; what a role gives more than now must be yours to give, without an end. Who has which role, API tokens and enrolled data planes stay as they are.',
    errors: {
      types: [
        ...[NotFound, RevisionNotKept, CannotRestore, ChangedMeanwhile],
        AccessChangesNeedApproval,
        ...[LastGrant, RightsExceeded, RoleCycle, RoleTooDeep, TooManyRoles],
      ],
    },
    args: { input: t.arg({ type: RollBackConfigurationInput, required: true, description: 'How far.' }) },
    resolve: (_, { input }, { services, actor }) => rollBackConfiguration(services, actor, input),
  }),
)
