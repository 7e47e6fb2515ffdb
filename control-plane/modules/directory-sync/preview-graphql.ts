import { builder } from '../../graphql/builder.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { RoleType } from '../roles/index.ts'
import { DirectoryFilterInput } from './graphql.ts'
import { type DirectoryImportPreview, type ImportablePerson, previewDirectoryImport } from './preview.ts'

const PersonType = builder.objectRef<ImportablePerson>('ImportablePerson').implement({
  description: 'Somebody in a directory who is no user.',
  fields: (t) => ({
    subject: t.exposeString('subject', { description: 'What the identity provider names them by.' }),
    name: t.exposeString('name', { nullable: true, description: 'What people call them.' }),
    email: t.exposeString('email', {
      nullable: true,
      description: 'Their address; null: none that was verified.',
    }),
    role: t.field({
      type: RoleType,
      nullable: true,
      description:
        'What they would get; null: no rule gives them a role, so they are not imported, or you may not see roles.',
      resolve: ({ roleId }) => roleId,
    }),
    teams: t.exposeStringList('teams', { description: 'The teams that they would be of.' }),
    businessUnits: t.field({
      type: [BusinessUnitType],
      nullable: { list: false, items: true },
      description: 'The business units that they would be of; null for one that you may not see.',
      resolve: ({ businessUnitIds }) => [...businessUnitIds],
    }),
  }),
})

const PreviewType = builder.objectRef<DirectoryImportPreview>('DirectoryImportPreview').implement({
  description: 'Whom an import would make users of.',
  fields: (t) => ({
    people: t.field({
      type: [PersonType],
      description: 'The first of them, by name.',
      resolve: ({ people }) => people,
    }),
    totalCount: t.exposeInt('totalCount', { description: 'How many there are, with or without a role.' }),
    readAt: t.expose('readAt', { type: 'DateTime', description: 'When the directory was read.' }),
  }),
})

builder.queryField('previewDirectoryImport', (t) =>
  t.field({
    type: PreviewType,
    permission: 'users:create',
    nullable: true,
    description:
      'Whom `importDirectoryUsers` would make users of, as the directory was read last; null: it was not read yet, which `syncDirectory` with `dryRun` does.',
    args: {
      identityProviderId: t.arg.id({
        description:
          'The identity provider. Left out: the only one whose directory is set up; null where there are several.',
      }),
      filter: t.arg({ type: DirectoryFilterInput, description: 'Which people; all unless said.' }),
      limit: t.arg.int({ description: 'How many to show, 1 to 50; 50 unless said.' }),
    },
    resolve: (_, args, { services, actor }) => previewDirectoryImport(services, actor, args),
  }),
)
