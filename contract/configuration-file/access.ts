import Type, { type Static } from 'typebox'
import { StalenessSeconds } from '../configuration/parts.ts'
import {
  closed,
  governed,
  Name,
  Names,
  Nullable,
  Optional,
  SecretReference,
  Switch,
  Time,
  Usd,
  Workspace,
} from './parts.ts'

/* Who answers calls, and what applications present to make them. */

const ConcurrentCalls = Optional(
  Nullable(
    Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    'How many calls may be under way with it at once; null: any number.',
  ),
)

const ProviderKey = Type.Object(
  {
    name: Name('Unique at its provider.'),
    secret: Optional(
      SecretReference('The variable that holds the secret, "$OPENAI_API_KEY"; needed when the key is new.'),
    ),
    weight: Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Its share of the calls.' }),
    ),
    active: Optional(Switch('Whether it is used.')),
    maxConcurrentCalls: ConcurrentCalls,
  },
  closed,
)

const Prices = Type.Object(
  {
    inputUsdPerMillionTokens: Usd('A million input tokens, in US dollars: 0.15.'),
    cachedInputUsdPerMillionTokens: Optional(
      Usd('A million input tokens from the provider’s cache; without: the input price.'),
    ),
    outputUsdPerMillionTokens: Usd('A million output tokens.'),
    imageUsd: Optional(Usd('One picture; without: 0.')),
    reasoningUsdPerMillionTokens: Optional(
      Usd('A million output tokens that are thought and not said; without: the output price.'),
    ),
    audioInputUsdPerMillionTokens: Optional(
      Usd('A million input tokens of sound, cached or not; without: as any other input token.'),
    ),
    audioOutputUsdPerMillionTokens: Optional(
      Usd('A million output tokens of sound; without: the output price.'),
    ),
    callUsd: Optional(Usd('Each call that is answered, on top of its tokens; without: 0.')),
    toolCallUsd: Optional(
      Usd('Each use of a tool that the provider runs, such as a web search; without: 0.'),
    ),
  },
  closed,
)

const ModelName = (description: string) => Type.String({ minLength: 1, maxLength: 256, description })

const Model = Type.Object(
  {
    name: ModelName('What callers name; unique at its provider.'),
    upstreamName: Optional(ModelName('What the provider is asked for; without: the name.')),
    maxOutputTokens: Optional(
      Nullable(Type.Integer({ minimum: 1, maximum: 10_000_000 }), 'The most tokens of one answer.'),
    ),
    prices: Optional(Nullable(Prices, 'Without them no call that a budget governs may use the model.')),
    scheduledPrices: Optional(
      Type.Array(Type.Object({ validFrom: Time, prices: Prices }, closed), {
        maxItems: 20,
        description:
          'Prices that take the place of `prices` at times to come; [] for none. Once a time has come, its prices are read as `prices`.',
      }),
    ),
  },
  closed,
)

export const Provider = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
      description: 'What stands before the slash in "provider/model".',
    }),
    baseUrl: Type.String({ minLength: 1, maxLength: 2_048, description: 'Below it is the OpenAI API.' }),
    catalogue: Optional(
      Type.Enum(['OPENAI'], { description: 'Whose models and prices a new provider begins with.' }),
    ),
    allowPrivateNetwork: Optional(Switch('Whether its address may be in a private network.')),
    active: Optional(Switch('Whether calls go to it.')),
    connectTimeoutMs: Optional(
      Type.Integer({ minimum: 1, maximum: 60_000, description: 'To connect, in milliseconds.' }),
    ),
    idleTimeoutMs: Optional(
      Type.Integer({ minimum: 1, maximum: 3_600_000, description: 'Longest silence, in milliseconds.' }),
    ),
    whenCallerLeaves: Optional(
      Type.Enum(['ABORT', 'DRAIN', 'DRAIN_CAPPED'], {
        description: 'What becomes of an answer whose caller has left.',
      }),
    ),
    keys: Optional(Type.Array(ProviderKey, { maxItems: 1_000, description: 'Its credentials.' })),
    models: Optional(Type.Array(Model, { maxItems: 5_000, description: 'What it offers.' })),
  },
  closed,
)

const Owner = Type.Object(
  {
    customer: Optional(Name('A customer of the workspace.')),
    team: Optional(Name('A team of the workspace.')),
    user: Optional(Name('A user: their address, or the name of one who has none.')),
  },
  {
    ...closed,
    minProperties: 1,
    maxProperties: 1,
    description: 'Whom its calls are charged to: one of them.',
  },
)

const providerFields = {
  provider: Name('The provider; each at most once.'),
  weight: Optional(
    Nullable(
      Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
      'Share of the calls that name no provider; null: only when it is named. 1 unless said.',
    ),
  ),
  models: Names('`[]` none, `["*"]` all, otherwise model names and `regex:` patterns.'),
  blockedModels: Optional(Names('Refused whatever `models` says; none unless said.')),
  keys: Optional(Names('`[]` none, `["*"]` all, otherwise names of keys of the provider. All unless said.')),
  active: Optional(Switch('Whether it is used. True unless said.')),
}

const KeyProvider = Type.Object(
  {
    ...providerFields,
    models: Optional(
      Names(
        '`[]` none, `["*"]` all, otherwise model names and `regex:` patterns. Needed, unless the key follows an access profile: then nothing but budgets and limits is said here.',
      ),
    ),
    ...governed,
  },
  closed,
)

const contentLogging = Optional(
  Type.Enum(['INHERIT', 'ON', 'OFF'], { description: 'Whether bodies of calls may be logged.' }),
)
const allowAllProviders = Optional(
  Switch('Whether providers that are not listed may be used, with every model.'),
)

/** A template of virtual keys. Its budgets and limits are those of each key that follows it. */
export const AccessProfile = Type.Object(
  {
    name: Name('Unique in the organization.'),
    purpose: Optional(
      Type.Enum(['GENERAL', 'CI'], {
        description: 'What its keys are for. CI: one provider, one model of it, and a budget.',
      }),
    ),
    description: Optional(Type.String({ maxLength: 1_000, description: 'What it is for.' })),
    allowAllProviders,
    contentLogging,
    expiresIn: Optional(
      Nullable(
        Type.Enum(['HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR']),
        'How long a key lives from the time at which it begins to follow; null: for ever.',
      ),
    ),
    deleteAfterExpiry: Optional(Switch('Whether its keys are deleted once they have expired.')),
    providers: Optional(
      Type.Array(Type.Object(providerFields, closed), {
        maxItems: 50,
        description: 'All that its keys may use; without any: nothing.',
      }),
    ),
    ...governed,
  },
  closed,
)

export const VirtualKey = Type.Object(
  {
    name: Name('Tells the keys of a workspace apart.'),
    workspace: Workspace,
    owner: Owner,
    description: Optional(Type.String({ maxLength: 1_000, description: 'What it is for.' })),
    tags: Optional(Names('Words to find it by.')),
    secret: Optional(
      SecretReference('The variable with the secret of a key that applications have; without: a new one.'),
    ),
    active: Optional(Switch('False switches it off.')),
    priority: Optional(
      Type.Enum(['LOW', 'NORMAL', 'HIGH'], {
        description: 'Whose calls a data plane at its capacity refuses first (LOW) and last (HIGH).',
      }),
    ),
    expiresAt: Optional(
      Nullable(Time, 'When it stops working, such as "2030-01-31T12:00:00Z"; null: never.'),
    ),
    deleteAfterExpiry: Optional(Switch('Whether it is deleted once it has expired.')),
    requireFreshSeconds: Optional(
      Nullable(StalenessSeconds, 'Longest time without word from the control plane; null: as for all keys.'),
    ),
    maxConcurrentCalls: ConcurrentCalls,
    accessProfile: Optional(
      Nullable(
        Name('An access profile.'),
        'The profile that it follows, which decides its providers, expiry and logging; null: none.',
      ),
    ),
    contentLogging,
    allowAllProviders,
    providers: Optional(
      Type.Array(KeyProvider, {
        maxItems: 50,
        description:
          'All that it may use; without any: nothing. Of a key that follows an access profile, its own budgets and limits there.',
      }),
    ),
    ...governed,
  },
  closed,
)

export type FileModel = Static<typeof Model>
export type FilePrices = Static<typeof Prices>
