import { builder } from '../../graphql/builder.ts'

export const GovernedLevelType = builder.enumType('GovernedLevel', {
  description: 'Where a budget is: a call is charged to each level that it has, from the organization down.',
  values: {
    ORGANIZATION: { value: 'organization', description: 'The organization: every call.' },
    CUSTOMER: { value: 'customer', description: 'A customer.' },
    BUSINESS_UNIT: { value: 'business_unit', description: 'A business unit of a customer.' },
    TEAM: { value: 'team', description: 'A team.' },
    USER: { value: 'user', description: 'A user, with all their virtual keys.' },
    VIRTUAL_KEY: { value: 'virtual_key', description: 'A virtual key.' },
    PROVIDER_CONFIG: {
      value: 'provider_config',
      description: 'A virtual key’s configuration for one provider.',
    },
  } as const,
})
