import type { FileProblem } from '../../contract/configuration-file/problems.ts'
import { ConfigurationFile } from '../../contract/configuration-file/schema.ts'
import { builder } from '../graphql/builder.ts'
import { RefusalInterface, refusalType } from '../graphql/refusals.ts'
import { type AppliedConfiguration, applyConfiguration } from './apply.ts'
import { ConfigurationFileInvalid, ConfigurationMoved } from './errors.ts'
import { type ExportedConfiguration, exportConfiguration } from './export.ts'
import { displayName } from './items.ts'
import type { IssuedSecret } from './perform.ts'
import type { FieldChange, Step } from './plan.ts'
import { checkSecrets } from './secrets.ts'

const ProblemType = builder.objectRef<FileProblem>('ConfigurationFileProblem').implement({
  description: 'What is wrong with one place of a configuration file.',
  fields: (t) => ({
    path: t.exposeString('path', {
      description: 'JSON Pointer (RFC 6901) of the place: `/virtualKeys/0/owner/team`.',
    }),
    message: t.exposeString('message', { description: 'What is wrong and what to do, for a person.' }),
  }),
})

builder.objectType(ConfigurationFileInvalid, {
  name: 'ConfigurationFileInvalid',
  description: 'The file cannot be applied; nothing was changed.',
  interfaces: [RefusalInterface],
  isTypeOf: (value) => value instanceof ConfigurationFileInvalid,
  fields: (t) => ({
    problems: t.expose('problems', {
      type: [ProblemType],
      description: 'Everything that is wrong, at most 200 places.',
    }),
  }),
})

refusalType(ConfigurationMoved, 'The configuration has another revision than the one that was expected.')

const ActionType = builder.enumType('AppliedChangeAction', {
  description: 'What is done to a thing.',
  values: {
    CREATE: { value: 'create', description: 'It is new.' },
    UPDATE: { value: 'update', description: 'It exists, some of its fields change.' },
    DELETE: { value: 'delete', description: 'It goes.' },
  } as const,
})

const FieldChangeType = builder.objectRef<FieldChange>('AppliedFieldChange').implement({
  description: 'What becomes of one field.',
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The field, as a file names it.' }),
    before: t.expose('before', { type: 'JSON', nullable: true, description: 'Its value until now.' }),
    after: t.expose('after', { type: 'JSON', nullable: true, description: 'Its value from now on.' }),
  }),
})

const subjectOf = (step: Step) => (step.action === 'delete' ? step.present : step.item)

const ChangeType = builder.objectRef<Step>('AppliedChange').implement({
  description: 'One difference between a file and the organization.',
  fields: (t) => ({
    action: t.expose('action', { type: ActionType, description: 'What is done.' }),
    kind: t.string({ description: '`customer`, `virtual_key`, …', resolve: (step) => subjectOf(step).kind }),
    name: t.string({
      description: 'Its name behind the names of what it belongs to: `default/checkout`.',
      resolve: (step) => displayName(subjectOf(step).name),
    }),
    fields: t.expose('fields', { type: [FieldChangeType], description: 'What becomes of its fields.' }),
  }),
})

const IssuedKeyType = builder.objectRef<IssuedSecret>('ConfigurationIssuedKey').implement({
  description: 'A virtual key that is new, with its secret.',
  fields: (t) => ({
    virtualKeyId: t.exposeID('virtualKeyId', { description: 'The key.' }),
    name: t.string({
      description: 'Its name behind its workspace’s: `default/checkout`.',
      resolve: ({ name }) => displayName(name),
    }),
    secret: t.exposeString('secret', {
      description: 'What the application sends. Shown here and never again: only its digest is stored.',
    }),
  }),
})

const AppliedType = builder.objectRef<AppliedConfiguration>('AppliedConfiguration').implement({
  description: 'What a file changed, or would change.',
  fields: (t) => ({
    dryRun: t.exposeBoolean('dryRun', { description: 'Whether it was only tried.' }),
    changes: t.field({
      type: [ChangeType],
      description: 'All differences, in the order in which they are made; none when there is nothing to do.',
      resolve: ({ steps }) => steps,
    }),
    issuedKeys: t.field({
      type: [IssuedKeyType],
      description: 'The keys that are new; none in a dry run.',
      resolve: ({ issued }) => issued,
    }),
    warnings: t.exposeStringList('warnings', { description: 'What is worth knowing and changes nothing.' }),
    revision: t.exposeInt('revision', {
      description: 'The revision of the configuration: pass it as `ifRevision` after a dry run.',
    }),
  }),
})

const SecretInput = builder.inputType('ConfigurationSecretInput', {
  description: 'A secret that a file refers to as `$NAME`.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name, without the `$`: 1 to 128 letters, digits and `_`; each at most once.',
    }),
    value: t.string({
      required: true,
      description: 'The secret: 1 to 4096 printable ASCII characters without spaces.',
    }),
  }),
})

const ApplyConfigurationInput = builder.inputType('ApplyConfigurationInput', {
  description: 'A configuration file and how to apply it.',
  fields: (t) => ({
    document: t.field({
      type: 'JSON',
      required: true,
      description: 'The file; `configurationFile { schema }` describes it. What it leaves out stays.',
    }),
    secrets: t.field({ type: [SecretInput], description: 'The secrets that it refers to, at most 1000.' }),
    prune: t.boolean({ description: 'True deletes what the file leaves out of the lists that it has.' }),
    dryRun: t.boolean({ description: 'True tries everything and changes nothing.' }),
    ifRevision: t.int({ description: 'Refuse when the configuration has another revision by now.' }),
  }),
})

builder.mutationField('applyConfiguration', (t) =>
  t.field({
    type: AppliedType,
    permission: 'configuration:apply',
    description:
      'Makes your organization what a file says: all of it in one transaction and one revision, or nothing.',
    errors: { types: [ConfigurationFileInvalid, ConfigurationMoved] },
    args: { input: t.arg({ type: ApplyConfigurationInput, required: true, description: 'The file.' }) },
    resolve: (_, { input }, { services, actor }) =>
      applyConfiguration(services, actor, {
        document: input.document ?? null,
        secrets: checkSecrets('secrets', input.secrets ?? []),
        prune: input.prune ?? false,
        dryRun: input.dryRun ?? false,
        ifRevision: input.ifRevision,
      }),
  }),
)

const ConfigurationFileType = builder.objectRef<ExportedConfiguration>('ConfigurationFile').implement({
  description: 'The configuration of your organization as a file.',
  fields: (t) => ({
    document: t.expose('document', {
      type: 'JSON',
      description: 'The file; it holds no secrets, and applying it changes nothing.',
    }),
    warnings: t.exposeStringList('warnings', { description: 'What a file cannot hold.' }),
    schema: t.field({
      type: 'JSON',
      description: 'JSON Schema of such files.',
      resolve: () => ConfigurationFile,
    }),
  }),
})

builder.queryField('configurationFile', (t) =>
  t.field({
    type: ConfigurationFileType,
    permission: 'configuration:export',
    description: 'The whole configuration as a file, which `applyConfiguration` takes.',
    resolve: (_, _args, { services, actor }) => exportConfiguration(services, actor),
  }),
)
