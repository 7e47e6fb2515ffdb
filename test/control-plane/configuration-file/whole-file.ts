const governed = {
  budgets: [
    {
      ...{ limitUsd: 250.5, period: 'MONTH' },
      window: {
        ...{ alignment: 'CALENDAR', timeZone: 'Europe/Berlin' },
        ...{ weekStartsOn: 'SUNDAY', fiscalYearStartsIn: 4 },
      },
      mode: 'BALANCED',
    },
  ],
  requestLimits: [
    { maxRequests: 600, windowSeconds: 60 },
    { maxTokens: 1_000_000, windowSeconds: 3600 },
  ],
}

const providerOfKey = {
  provider: 'openai',
  weight: 2,
  models: ['small'],
  blockedModels: ['regex:large-.*'],
  keys: ['main'],
  active: false,
}

const everyPrice = {
  inputUsdPerMillionTokens: 0.15,
  cachedInputUsdPerMillionTokens: 0.075,
  outputUsdPerMillionTokens: '0.6',
  imageUsd: 0.04,
  reasoningUsdPerMillionTokens: 0.7,
  audioInputUsdPerMillionTokens: 10,
  audioOutputUsdPerMillionTokens: 20,
  callUsd: 0.001,
  toolCallUsd: 0.01,
}

/** The values of the variables that the file names. */
export const wholeFileSecrets = [
  { name: 'OPENAI_MAIN_SECRET', value: 'sk-test-of-the-whole-file' },
  { name: 'IMPORTED_SECRET', value: 'a-secret-that-applications-have' },
]

/** Every member that a file may have, at least once, and none with the value that holds without it. */
export const wholeFile = {
  version: 1,
  organization: governed,
  workspaces: [{ name: 'default' }, { name: 'second' }],
  customers: [{ name: 'Acme', workspace: 'default', ...governed }],
  businessUnits: [{ name: 'Research', customer: 'Acme', workspace: 'default', ...governed }],
  teams: [
    { name: 'Assistants', workspace: 'default', customer: 'Acme', businessUnit: 'Research', ...governed },
    { name: 'Assistants', workspace: 'second' },
  ],
  users: [
    {
      name: 'Ada Lovelace',
      email: 'ada@example.com',
      team: 'Assistants',
      workspace: 'default',
      active: false,
      access: {
        allowedModels: ['small'],
        deniedModels: ['regex:large-.*'],
        allowedProviders: ['openai'],
        deniedProviders: ['other'],
      },
      ...governed,
    },
    { name: 'Build service' },
  ],
  providers: [
    {
      name: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      catalogue: 'OPENAI',
      allowPrivateNetwork: true,
      active: false,
      connectTimeoutMs: 1_000,
      idleTimeoutMs: 20_000,
      whenCallerLeaves: 'DRAIN',
      keys: [
        { name: 'main', secret: '$OPENAI_MAIN_SECRET', weight: 2.5, active: false, maxConcurrentCalls: 8 },
      ],
      models: [
        {
          name: 'small',
          upstreamName: 'gpt-4o-mini',
          maxOutputTokens: 4_096,
          prices: everyPrice,
          scheduledPrices: [
            {
              validFrom: '2100-01-01T00:00:00.000Z',
              prices: { ...everyPrice, outputUsdPerMillionTokens: 1.2 },
            },
          ],
        },
      ],
    },
  ],
  accessProfiles: [
    {
      name: 'analysts',
      description: 'Who looks at numbers',
      allowAllProviders: true,
      contentLogging: 'OFF',
      expiresIn: 'QUARTER',
      deleteAfterExpiry: true,
      providers: [providerOfKey],
      ...governed,
    },
    {
      name: 'pipelines',
      purpose: 'CI',
      providers: [{ provider: 'openai', models: ['small'] }],
      budgets: [{ limitUsd: 1, period: 'DAY' }],
    },
  ],
  roles: [
    {
      name: 'Analyst',
      description: 'Looks at numbers',
      permissions: ['usage:view'],
      inherits: ['viewer'],
      workspaces: ['default'],
      rowScope: 'TEAM',
      accessProfile: 'analysts',
    },
  ],
  virtualKeys: [
    {
      name: 'checkout',
      workspace: 'default',
      owner: { team: 'Assistants' },
      description: 'The till',
      tags: ['env:prod'],
      active: false,
      priority: 'HIGH',
      expiresAt: '2999-01-31T12:00:00.000Z',
      deleteAfterExpiry: true,
      requireFreshSeconds: 60,
      maxConcurrentCalls: 20,
      contentLogging: 'ON',
      allowAllProviders: true,
      providers: [{ ...providerOfKey, ...governed }],
      ...governed,
    },
    {
      name: 'reports',
      workspace: 'second',
      owner: { user: 'ada@example.com' },
      accessProfile: 'analysts',
      providers: [{ provider: 'openai', ...governed }],
    },
    {
      name: 'imported',
      workspace: 'default',
      owner: { customer: 'Acme' },
      secret: '$IMPORTED_SECRET',
    },
  ],
  memberships: [
    { user: 'ada@example.com', team: 'Assistants', workspace: 'second' },
    { user: 'ada@example.com', businessUnit: 'Research', customer: 'Acme', workspace: 'default' },
  ],
  roleAssignments: [
    {
      user: 'ada@example.com',
      role: 'Analyst',
      expiresAt: '2999-01-31T12:00:00.000Z',
      workspace: 'default',
    },
    { user: 'ada@example.com', role: 'admin', object: { team: 'Assistants' }, workspace: 'second' },
    { user: 'Build service', role: 'admin', object: { virtualKey: 'checkout' }, workspace: 'default' },
    { user: 'Build service', role: 'admin', object: { provider: 'openai' } },
    {
      user: 'Build service',
      role: 'admin',
      object: { customer: 'Acme', businessUnit: 'Research' },
      workspace: 'default',
    },
  ],
  clientConfiguration: {
    allowedOrigins: ['https://app.example.com'],
    allowedHeaders: ['x-team'],
    headerFilter: { allowlist: ['anthropic-beta'], denylist: ['cookie', 'x-internal'], forwardDirect: true },
    requiredHeaders: [{ name: 'x-team', pattern: 'team-\\d+' }],
    ipAllowlist: ['10.0.0.0/8'],
    trustedProxies: ['192.0.2.7'],
    requireApprovalForHeaderChanges: false,
    maxStalenessSeconds: 3_600,
    showBudgetAmounts: true,
    rolesGovernInference: true,
    acceptedCredentials: ['API_TOKEN', 'SESSION'],
  },
  plugins: [
    {
      name: 'audit-mirror',
      enabled: true,
      position: { side: 'BEFORE', of: 'audit' },
      order: 3,
      config: { target: 'x' },
    },
  ],
} as const
