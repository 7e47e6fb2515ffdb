/** One of everything. */
export const sampleFile = {
  version: 1,
  workspaces: [{ name: 'default' }],
  customers: [{ name: 'Acme', budgets: [{ limitUsd: 250.5, period: 'MONTH' }] }],
  businessUnits: [{ name: 'Research', customer: 'Acme' }],
  teams: [{ name: 'Assistants', customer: 'Acme', businessUnit: 'Research' }],
  users: [
    {
      ...{ name: 'Ada', email: 'Ada@Example.com', team: 'Assistants' },
      access: { allowedProviders: ['openai'], deniedModels: ['regex:o1.*', 'gpt-4o'] },
    },
  ],
  providers: [
    {
      name: 'openai',
      baseUrl: 'https://api.openai.com/v1/',
      keys: [{ name: 'main', secret: '$OPENAI_API_KEY', weight: 2 }],
      models: [
        {
          name: 'small',
          upstreamName: 'gpt-4o-mini',
          prices: { inputUsdPerMillionTokens: 0.15, outputUsdPerMillionTokens: '0.6' },
        },
      ],
    },
  ],
  accessProfiles: [
    {
      name: 'analysts',
      expiresIn: 'QUARTER',
      providers: [{ provider: 'openai', models: ['small'], keys: ['main'] }],
      budgets: [
        { limitUsd: 5, period: 'MONTH' },
        { limitUsd: 0.5, period: 'DAY' },
      ],
      requestLimits: [{ maxRequests: 10, windowSeconds: 60 }],
    },
  ],
  // Heirs first: the order of a file says nothing.
  roles: [
    { name: 'Lead', inherits: ['Analyst', 'viewer'], permissions: ['teams:*'] },
    {
      name: 'Analyst',
      permissions: ['usage:view', 'models:view'],
      workspaces: ['default'],
      rowScope: 'TEAM',
      accessProfile: 'analysts',
    },
  ],
  virtualKeys: [
    { name: 'reports', owner: { user: 'ada@example.com' }, accessProfile: 'analysts', tags: ['env:prod'] },
    {
      name: 'checkout',
      owner: { team: 'Assistants' },
      providers: [
        {
          provider: 'openai',
          models: ['small'],
          keys: ['main'],
          budgets: [{ limitUsd: 20, period: 'DAY' }],
        },
      ],
      requestLimits: [{ maxRequests: 60, maxTokens: 100_000, windowSeconds: 60 }],
    },
  ],
  clientConfiguration: {
    allowedOrigins: ['https://app.example.com'],
    headerFilter: { allowlist: ['X-BF-EH-Anthropic-Beta'] },
    requiredHeaders: [
      { name: 'X-Team', pattern: 'team-\\d+' },
      { name: 'x-app', pattern: '*' },
    ],
    ipAllowlist: ['10.0.0.0/8', '2001:DB8::/32'],
    trustedProxies: ['192.0.2.7'],
    requireApprovalForHeaderChanges: false,
  },
} as const

/** As many entities as asked for: teams, their users and keys. */
export function largeFile(entities: number) {
  const teams = Array.from({ length: Math.floor(entities / 4) }, (_, index) => `team-${index}`)
  return {
    version: 1,
    customers: [{ name: 'Large' }],
    teams: teams.map((name) => ({ name, customer: 'Large', budgets: [{ limitUsd: 10, period: 'MONTH' }] })),
    users: teams.map((team) => ({ name: team, email: `${team}@example.com`, team })),
    virtualKeys: teams.map((team) => ({ name: team, owner: { team }, active: true })),
  }
}
