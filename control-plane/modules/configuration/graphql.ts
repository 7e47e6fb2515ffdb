import { builder } from '../../graphql/builder.ts'
import { type ConfigurationVersion, readConfigurationVersion } from './service.ts'

const ConfigurationType = builder.objectRef<ConfigurationVersion>('Configuration').implement({
  description: 'Which version of the organization’s configuration data planes are to run.',
  fields: (t) => ({
    epoch: t.exposeInt('epoch', { description: 'Lineage: raised when the database was restored.' }),
    revision: t.exposeInt('revision', { description: 'Raised by one with every change.' }),
    hash: t.exposeString('hash', {
      nullable: true,
      description: 'SHA-256 over all of it; null for the moment between a change and its publication.',
    }),
  }),
})

builder.queryField('configuration', (t) =>
  t.field({
    type: ConfigurationType,
    nullable: true,
    permission: 'data_planes:view',
    description: 'The newest configuration; null when nothing was ever configured.',
    resolve: (_, _args, { services, actor }) => readConfigurationVersion(services, actor),
  }),
)
