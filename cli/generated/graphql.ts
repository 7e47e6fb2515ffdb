/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A new key of a provider. */
export type AddProviderKeyInput = {
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** How many calls may be under way with it at once, over all data planes, 1 to 1000000: the next goes with another key of the provider, or is refused with 429 `concurrency_limited`. Null: any number. */
  maxConcurrentCalls?: number | null | undefined;
  /** 1 to 128 characters, unique among its keys. */
  name: string;
  /** The provider. */
  providerId: string;
  /** 1 to 4096 printable ASCII characters without spaces. Stored encrypted, never shown. */
  secret: string;
  /** Its share of the calls relative to the other keys: above 0, at most 1000000; 1 unless said. */
  weight?: number | null | undefined;
};

/** What is done to a thing. */
export type AppliedChangeAction =
  /** It is new. */
  | 'CREATE'
  /** It goes. */
  | 'DELETE'
  /** It exists, some of its fields change. */
  | 'UPDATE';

/** A configuration file and how to apply it. */
export type ApplyConfigurationInput = {
  /** The file; `configurationFile { schema }` describes it. What it leaves out stays. */
  document: unknown;
  /** True tries everything and changes nothing. */
  dryRun?: boolean | null | undefined;
  /** Refuse when the configuration has another revision by now. */
  ifRevision?: number | null | undefined;
  /** True deletes what the file leaves out of the lists that it has. */
  prune?: boolean | null | undefined;
  /** The secrets that it refers to, at most 1000. */
  secrets?: Array<ConfigurationSecretInput> | null | undefined;
};

/** Which events; all conditions must hold. */
export type AuditEventFilter = {
  /** Done by this actor. */
  actorId?: string | null | undefined;
  /** An inference call that was answered under this `x-request-id`. */
  requestId?: string | null | undefined;
  /** Done to this subject. */
  subjectId?: string | null | undefined;
  /** Exactly this type. */
  type?: string | null | undefined;
};

/** From when the windows of a budget count. */
export type BudgetAlignment =
  /** They begin as days, weeks, months, quarters and years do in the time zone. */
  | 'CALENDAR'
  /** They begin with the budget: a month that began on the 31st at 10:30 ends with the last day of the next month at 10:30. */
  | 'ROLLING';

/** What a budget sets aside before a call is made, and with it what becomes of the last calls. */
export type BudgetMode =
  /** What nineteen of twenty such calls cost lately, at first the most that it can cost: more calls run at once, and the limit is exceeded at most by what the calls that are under way cost beyond that. `leases` of a data plane’s status API shows the bound. */
  | 'BALANCED'
  /** The most that the call can cost: the limit is never exceeded, and a call whose cost nothing bounds is refused by name. */
  | 'STRICT';

/** How long a budget lasts. When it begins is the matter of its `window`, by the calendar in UTC unless said otherwise. */
export type BudgetPeriod =
  /** Resets at midnight. */
  | 'DAY'
  /** Resets every five minutes. */
  | 'FIVE_MINUTES'
  /** Resets each hour. */
  | 'HOUR'
  /** Resets each minute. */
  | 'MINUTE'
  /** Resets on the first of the month. */
  | 'MONTH'
  /** Never resets. */
  | 'NONE'
  /** Resets on the first of every third month of the fiscal year. */
  | 'QUARTER'
  /** Resets at the midnight with which a week begins. */
  | 'WEEK'
  /** Resets with the fiscal year. */
  | 'YEAR';

/** When the periods of a budget begin; what is left out stays as it is, at first by the calendar in UTC with weeks from Monday and years from January. A change begins a window of its own, in which nothing is spent yet. */
export type BudgetWindowInput = {
  /** By the calendar, or from its beginning. */
  alignment?: BudgetAlignment | null | undefined;
  /** With which month, 1 to 12, the year begins, and with it its quarters. */
  fiscalYearStartsIn?: number | null | undefined;
  /** By whose clocks days and longer periods begin: an IANA name, such as Europe/Berlin. */
  timeZone?: string | null | undefined;
  /** With which day a week begins. */
  weekStartsOn?: Weekday | null | undefined;
};

/** How a call ended. */
export type CallOutcome =
  /** The caller went away. */
  | 'cancelled'
  /** It was refused before the provider was asked. */
  | 'denied'
  /** The provider was asked, and there was no answer that could be passed on. */
  | 'failed'
  /** The provider answered, and the caller got all of it. */
  | 'succeeded'
  /** Nobody saw its end. */
  | 'unknown';

/** A secret that a file refers to as `$NAME`. */
export type ConfigurationSecretInput = {
  /** The name, without the `$`: 1 to 128 letters, digits and `_`; each at most once. */
  name: string;
  /** The secret: 1 to 4096 printable ASCII characters without spaces. */
  value: string;
};

/** Whether the bodies of calls may be logged. Data planes are told; today no part of Gatehouse logs a body. */
export type ContentLogging =
  /** As is decided for all keys. */
  | 'INHERIT'
  /** They may not. */
  | 'OFF'
  /** They may. */
  | 'ON';

/** A new business unit. */
export type CreateBusinessUnitInput = {
  /** The customer that it is a part of. */
  customerId: string;
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** 1 to 128 characters, unique within the customer. */
  name: string;
};

/** A new customer. */
export type CreateCustomerInput = {
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** 1 to 128 characters, unique in the workspace. */
  name: string;
  /** Where it lives. */
  workspaceId: string;
};

/** A new model. */
export type CreateModelInput = {
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** The most tokens of one answer: 1 to 10000000. */
  maxOutputTokens?: number | null | undefined;
  /** 1 to 256 characters, unique at its provider. */
  name: string;
  /** Without them no call that a budget governs may use the model. */
  prices?: ModelPricesInput | null | undefined;
  /** Who answers for it. */
  providerId: string;
  /** What the provider is asked for; without: the name. */
  upstreamName?: string | null | undefined;
};

/** A new provider. */
export type CreateProviderInput = {
  /** True lets the base URL name a host of a private network; without: false. */
  allowPrivateNetwork?: boolean | null | undefined;
  /** Below it the OpenAI API is found, such as `https://api.openai.com/v1`. No user, query or fragment. Plain http, a loopback, private or link-local host only with `allowPrivateNetwork`. */
  baseUrl: string;
  /** Which known models, with their list prices, it begins with; without: none. */
  catalogue?: ModelCatalogue | null | undefined;
  /** Longest time to connect: 1 to 60000 milliseconds, 5000 unless said. */
  connectTimeoutMs?: number | null | undefined;
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** Longest silence: 1 to 3600000 milliseconds, 120000 unless said. */
  idleTimeoutMs?: number | null | undefined;
  /** 1 to 64 of a-z, 0-9, `-` and `_`, unique in the organization. */
  name: string;
  /** What becomes of an answer whose caller has left; `DRAIN_CAPPED` unless said. */
  whenCallerLeaves?: WhenCallerLeaves | null | undefined;
};

/** A new team. */
export type CreateTeamInput = {
  /** Charge its calls to this business unit and its customer. */
  businessUnitId?: string | null | undefined;
  /** Charge its calls to this customer. */
  customerId?: string | null | undefined;
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** 1 to 128 characters, unique in the workspace. */
  name: string;
  /** Where it lives. */
  workspaceId: string;
};

/** A new user. */
export type CreateUserInput = {
  /** Unique in the organization; kept in lower case. */
  email?: string | null | undefined;
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** 1 to 128 characters. */
  name: string;
  /** Charge their calls to this team. */
  teamId?: string | null | undefined;
};

/** The usual lengths of a key’s life. */
export type ExpiryPreset =
  /** 24 hours. */
  | 'DAY'
  /** 60 minutes. */
  | 'HOUR'
  /** 30 days. */
  | 'MONTH'
  /** 90 days. */
  | 'QUARTER'
  /** 7 days. */
  | 'WEEK'
  /** 365 days. */
  | 'YEAR';

/** A new key, whose secret Gatehouse makes. */
export type IssueVirtualKeyInput = {
  /** Whether it may also use the providers that it has no configuration for, with every model: when a call names one, or when no configuration with a weight can serve. False unless said. */
  allowAllProviders?: boolean | null | undefined;
  /** Whether the bodies of its calls may be logged; `INHERIT` unless said. */
  contentLogging?: ContentLogging | null | undefined;
  /** Whether it is deleted within a minute after it expires, with its budgets and limits; usage stays. False unless said. */
  deleteAfterExpiry?: boolean | null | undefined;
  /** What it is for: at most 1000 characters. */
  description?: string | null | undefined;
  /** When it stops working; null: never. */
  expiresAt?: string | null | undefined;
  /** When it stops working, counted from now, instead of `expiresAt`. */
  expiresIn?: ExpiryPreset | null | undefined;
  /** Any text of yours of 1 to 128 characters, such as a UUID: whoever repeats the request with it within 24 hours gets what the first one created, and nothing is created twice. */
  idempotencyKey?: string | null | undefined;
  /** How many of its calls may be under way at once, over all data planes, 1 to 1000000: the next is refused with 429 `concurrency_limited`. Null: any number. */
  maxConcurrentCalls?: number | null | undefined;
  /** 1 to 128 characters. */
  name: string;
  /** Whom its calls are charged to. */
  owner: VirtualKeyOwnerInput;
  /** Whether its calls are refused first or last when a data plane is at its capacity; `NORMAL` unless said. */
  priority?: VirtualKeyPriority | null | undefined;
  /** The providers that it may use; without any it may call nothing. */
  providerConfigs: Array<ProviderConfigInput>;
  /** Its calls are refused with 503 `config_unavailable` while a data plane has not heard from its control plane for so many seconds, 10 to 2592000. Null: as long as for all keys, see `ClientConfiguration.maxStalenessSeconds`. */
  requireFreshSeconds?: number | null | undefined;
  /** Words by which it is found again, at most 32: lower-case letters, digits and `. _ : / -`, such as `env:prod`. */
  tags?: Array<string> | null | undefined;
  /** Where it lives. */
  workspaceId: string;
};

/** Whose models a new provider begins with. Prices are the list prices of `@pydantic/genai-prices` on that day: the provider’s standard tier, for inputs of ordinary length. They are not updated by themselves. */
export type ModelCatalogue =
  /** The models of OpenAI. */
  | 'OPENAI';

/** What a model costs. */
export type ModelPricesInput = {
  /** A million input tokens of sound, cached or not; without: as any other input token. */
  audioInputNanoUsdPerMillionTokens?: string | null | undefined;
  /** A million output tokens of sound; without: the output price. */
  audioOutputNanoUsdPerMillionTokens?: string | null | undefined;
  /** A million input tokens from the provider’s cache; without: the input price. */
  cachedInputNanoUsdPerMillionTokens?: string | null | undefined;
  /** Each call that is answered, on top of its tokens; without: "0". */
  callNanoUsd?: string | null | undefined;
  /** One picture; without: "0". */
  imageNanoUsd?: string | null | undefined;
  /** A million input tokens: "150000000" is 0.15 USD. */
  inputNanoUsdPerMillionTokens: string;
  /** A million output tokens. */
  outputNanoUsdPerMillionTokens: string;
  /** A million output tokens that are thought and not said; without: the output price. */
  reasoningNanoUsdPerMillionTokens?: string | null | undefined;
  /** Each use of a tool that the provider runs, such as a web search; without: "0". */
  toolCallNanoUsd?: string | null | undefined;
};

/** Whom a budget or a request limit governs: exactly one of them. */
export type PolicyOwnerInput =
  {   /** A business unit. */
  businessUnitId: string; customerId?: never; organization?: never; providerConfigId?: never; teamId?: never; userId?: never; virtualKeyId?: never; }
  |  { businessUnitId?: never;   /** A customer. */
  customerId: string; organization?: never; providerConfigId?: never; teamId?: never; userId?: never; virtualKeyId?: never; }
  |  { businessUnitId?: never; customerId?: never;   /** `true`: your organization, and so every call. */
  organization: boolean; providerConfigId?: never; teamId?: never; userId?: never; virtualKeyId?: never; }
  |  { businessUnitId?: never; customerId?: never; organization?: never;   /** A virtual key’s configuration for one provider. */
  providerConfigId: string; teamId?: never; userId?: never; virtualKeyId?: never; }
  |  { businessUnitId?: never; customerId?: never; organization?: never; providerConfigId?: never;   /** A team. */
  teamId: string; userId?: never; virtualKeyId?: never; }
  |  { businessUnitId?: never; customerId?: never; organization?: never; providerConfigId?: never; teamId?: never;   /** A user. */
  userId: string; virtualKeyId?: never; }
  |  { businessUnitId?: never; customerId?: never; organization?: never; providerConfigId?: never; teamId?: never; userId?: never;   /** A virtual key. */
  virtualKeyId: string; };

/** What a key may do with one provider. */
export type ProviderConfigInput = {
  /** False switches the provider off for the key; true unless said. */
  active?: boolean | null | undefined;
  /** `[]` none, `["*"]` all, otherwise model names without duplicates and patterns such as `regex:gpt-4o(-mini)?`. A pattern matches the whole name, whatever its case; it has the syntax of RE2, at most 256 characters and only small repetitions. */
  allowedModels: Array<string>;
  /** Model names and patterns that are refused whatever `allowedModels` says, by the name of an alias and by the provider’s own name; upper and lower case are the same. None unless said. */
  blockedModels?: Array<string> | null | undefined;
  /** The provider; each at most once. */
  providerId: string;
  /** `[]` none, `["*"]` all, otherwise ids of keys of this provider. */
  providerKeyIds: Array<string>;
  /** Share of the calls that name no provider; null: only when it is named, or as the last one left. */
  weight?: number | null | undefined;
};

/** Which data planes are waited for, of those that are enrolled and not revoked. */
export type Quorum =
  /** Every one of them, the ones that are switched off included. */
  | 'ALL'
  /** None: the mutation answers once the change is committed. */
  | 'NONE'
  /** More than half of them. */
  | 'QUORUM';

/** Which key ends, and whether to wait until data planes refuse it. */
export type RevokeVirtualKeyInput = {
  /** The key. */
  id: string;
  /** Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating a revocation waits again. */
  waitFor?: Quorum | null | undefined;
  /** How long to wait for them: 1 to 20, 5 unless said. Then the error NOT_YET_APPLIED comes, and the change stays. */
  waitSeconds?: number | null | undefined;
};

/** Gives a key a new secret. */
export type RotateVirtualKeyInput = {
  /** The key. */
  id: string;
  /** Any text of yours of 1 to 128 characters, such as a UUID: a repetition of the request with it within 24 hours changes nothing more. */
  idempotencyKey?: string | null | undefined;
  /** How long the old secret still works: 0 to 86400. A secret before that one ends at once. */
  overlapSeconds: number;
  /** Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating a revocation waits again. */
  waitFor?: Quorum | null | undefined;
  /** How long to wait for them: 1 to 20, 5 unless said. Then the answer comes all the same, and `unconfirmed` says how many are missing. */
  waitSeconds?: number | null | undefined;
};

/** The only budget of one owner. */
export type SetBudgetInput = {
  /** The version that you have read, 0 for none yet: if it is not the present one, the change is refused. Without it, the last one wins. */
  expectedVersion?: number | null | undefined;
  /** What may be spent in one period, at least "1"; "5000000000" is 5 USD. */
  limit: string;
  /** What it sets aside before a call: as it is, at first `STRICT`. */
  mode?: BudgetMode | null | undefined;
  /** Whom it governs. */
  owner: PolicyOwnerInput;
  /** How long it lasts. */
  period: BudgetPeriod;
  /** When its periods begin. */
  window?: BudgetWindowInput | null | undefined;
};

/** What to change about a provider; a field that is left out stays as it is. */
export type UpdateProviderInput = {
  /** False stops every call to it, true admits them again. */
  active?: boolean | null | undefined;
  /** Whether the base URL may name a host of a private network. */
  allowPrivateNetwork?: boolean | null | undefined;
  /** Below it the OpenAI API is found, such as `https://api.openai.com/v1`. No user, query or fragment. Plain http, a loopback, private or link-local host only with `allowPrivateNetwork`. */
  baseUrl?: string | null | undefined;
  /** Longest time to connect: 1 to 60000 milliseconds. */
  connectTimeoutMs?: number | null | undefined;
  /** The `version` that you have read: if it is not the present one, the change is refused. Without it, the last one wins. */
  expectedVersion?: number | null | undefined;
  /** The provider. */
  id: string;
  /** Longest silence: 1 to 3600000 milliseconds. */
  idleTimeoutMs?: number | null | undefined;
  /** 1 to 64 of a-z, 0-9, `-` and `_`, unique in the organization. */
  name?: string | null | undefined;
  /** Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating a revocation waits again. */
  waitFor?: Quorum | null | undefined;
  /** How long to wait for them: 1 to 20, 5 unless said. Then the error NOT_YET_APPLIED comes, and the change stays. */
  waitSeconds?: number | null | undefined;
  /** What becomes of an answer whose caller has left. */
  whenCallerLeaves?: WhenCallerLeaves | null | undefined;
};

/** What to change about a key; a field that is left out stays as it is. */
export type UpdateVirtualKeyInput = {
  /** False switches it off, true on again. */
  active?: boolean | null | undefined;
  /** Whether it may also use the providers that it has no configuration for, with every model: when a call names one, or when no configuration with a weight can serve. False unless said. */
  allowAllProviders?: boolean | null | undefined;
  /** Whether the bodies of its calls may be logged; `INHERIT` unless said. */
  contentLogging?: ContentLogging | null | undefined;
  /** Whether it is deleted within a minute after it expires, with its budgets and limits; usage stays. False unless said. */
  deleteAfterExpiry?: boolean | null | undefined;
  /** What it is for: at most 1000 characters. */
  description?: string | null | undefined;
  /** The `version` that you have read: if it is not the present one, the change is refused. Without it, the last one wins. */
  expectedVersion?: number | null | undefined;
  /** When it stops working; null: never. */
  expiresAt?: string | null | undefined;
  /** When it stops working, counted from now, instead of `expiresAt`. */
  expiresIn?: ExpiryPreset | null | undefined;
  /** The key. */
  id: string;
  /** How many of its calls may be under way at once, over all data planes, 1 to 1000000: the next is refused with 429 `concurrency_limited`. Null: any number. */
  maxConcurrentCalls?: number | null | undefined;
  /** Its new name. */
  name?: string | null | undefined;
  /** Whether its calls are refused first or last when a data plane is at its capacity; `NORMAL` unless said. */
  priority?: VirtualKeyPriority | null | undefined;
  /** Replaces all of them. The configuration of a provider that stays keeps its id, budgets and limits. */
  providerConfigs?: Array<ProviderConfigInput> | null | undefined;
  /** Its calls are refused with 503 `config_unavailable` while a data plane has not heard from its control plane for so many seconds, 10 to 2592000. Null: as long as for all keys, see `ClientConfiguration.maxStalenessSeconds`. */
  requireFreshSeconds?: number | null | undefined;
  /** Words by which it is found again, at most 32: lower-case letters, digits and `. _ : / -`, such as `env:prod`. */
  tags?: Array<string> | null | undefined;
  /** Answers only once these data planes have confirmed that they run the change; NONE unless said. Repeating a revocation waits again. */
  waitFor?: Quorum | null | undefined;
  /** How long to wait for them: 1 to 20, 5 unless said. Then the error NOT_YET_APPLIED comes, and the change stays. */
  waitSeconds?: number | null | undefined;
};

/** What calls are grouped by. */
export type UsageDimension =
  /** The business unit they are charged to. */
  | 'BUSINESS_UNIT'
  /** The customer they are charged to. */
  | 'CUSTOMER'
  /** The model as the caller named it. */
  | 'MODEL'
  /** The organization, which is yours. */
  | 'ORGANIZATION'
  /** How they ended. */
  | 'OUTCOME'
  /** The provider that was chosen. */
  | 'PROVIDER'
  /** Each tag that the key has now. Calls of a key with several tags are in the group of each, so that groups add up to more than there is; calls of a key without tags, or one that is deleted, are in the group without a tag. */
  | 'TAG'
  /** The team they are charged to. */
  | 'TEAM'
  /** The model as the provider was asked for it. */
  | 'UPSTREAM_MODEL'
  /** The user they are charged to. */
  | 'USER'
  /** The key that they were made with. */
  | 'VIRTUAL_KEY'
  /** The workspace of the key that they were made with. */
  | 'WORKSPACE';

/** For how long calls are summed into one group, by the time at which they began. */
export type UsageInterval =
  /** A day of the time zone. */
  | 'DAY'
  /** An hour, counted from midnight of the time zone. */
  | 'HOUR'
  /** A minute. */
  | 'MINUTE'
  /** A calendar month of the time zone. */
  | 'MONTH'
  /** A week of the time zone, from Monday on. */
  | 'WEEK';

/** Which calls are summed. All conditions must hold, of a list one entry; an empty list matches no call. */
export type UsageSummaryFilter = {
  /** Charged to one of these business units. */
  businessUnitIds?: Array<string> | null | undefined;
  /** Charged to one of these customers. */
  customerIds?: Array<string> | null | undefined;
  /** Begun at this time or later. */
  from?: string | null | undefined;
  /** For one of these models, as callers named them. */
  models?: Array<string> | null | undefined;
  /** Ended in one of these ways. */
  outcomes?: Array<CallOutcome> | null | undefined;
  /** Sent to one of these providers. */
  providerIds?: Array<string> | null | undefined;
  /** Made with a key that has one of these tags now; at most 32. */
  tags?: Array<string> | null | undefined;
  /** Charged to one of these teams. */
  teamIds?: Array<string> | null | undefined;
  /** Begun before this time. */
  to?: string | null | undefined;
  /** For one of these models, as providers were asked for them. */
  upstreamModels?: Array<string> | null | undefined;
  /** Charged to one of these users. */
  userIds?: Array<string> | null | undefined;
  /** Made with one of these virtual keys. */
  virtualKeyIds?: Array<string> | null | undefined;
  /** Begun within this time before now, instead of `from`. */
  within?: string | null | undefined;
  /** Made with a key of one of these workspaces. */
  workspaceIds?: Array<string> | null | undefined;
};

/** Which keys; all conditions must hold. */
export type VirtualKeyFilter = {
  /** That follow this access profile. */
  accessProfileId?: string | null | undefined;
  /** That this customer owns. */
  customerId?: string | null | undefined;
  /** That expire, or expired, before this time. */
  expiringBefore?: string | null | undefined;
  /** That may use this provider. */
  providerId?: string | null | undefined;
  /** Whose name contains this, whatever its case: 1 to 128 characters. */
  search?: string | null | undefined;
  /** Of this status. */
  status?: VirtualKeyStatus | null | undefined;
  /** That have this tag. */
  tag?: string | null | undefined;
  /** That this team owns. */
  teamId?: string | null | undefined;
  /** That this user owns. */
  userId?: string | null | undefined;
  /** That live in this workspace. */
  workspaceId?: string | null | undefined;
};

/** Whom the calls of a key are charged to: exactly one of them. */
export type VirtualKeyOwnerInput =
  {   /** A customer of the workspace. */
  customerId: string; teamId?: never; userId?: never; }
  |  { customerId?: never;   /** A team of the workspace; its business unit and customer are charged too. */
  teamId: string; userId?: never; }
  |  { customerId?: never; teamId?: never;   /** A user; their team and what it belongs to are charged too. */
  userId: string; };

/** Whose calls a data plane that is at its capacity refuses first, with 503 `overloaded`. While it is not, all keys are served alike. */
export type VirtualKeyPriority =
  /** Refused last: what people wait for. */
  | 'HIGH'
  /** Refused first: batches, experiments. */
  | 'LOW'
  /** Refused once no call of a `LOW` key is served. */
  | 'NORMAL';

/** Whether a key works. A key past its `expiresAt` does not, whatever its status. */
export type VirtualKeyStatus =
  /** It works. */
  | 'ACTIVE'
  /** Switched off; it can be switched on again. */
  | 'INACTIVE'
  /** Ended for good. */
  | 'REVOKED';

/** A day of the week. */
export type Weekday =
  /** Friday. */
  | 'FRIDAY'
  /** Monday. */
  | 'MONDAY'
  /** Saturday. */
  | 'SATURDAY'
  /** Sunday. */
  | 'SUNDAY'
  /** Thursday. */
  | 'THURSDAY'
  /** Tuesday. */
  | 'TUESDAY'
  /** Wednesday. */
  | 'WEDNESDAY';

/** What becomes of an answer whose caller has left before its end. What it costs is known only at its end; until then all that was set aside counts as spent. */
export type WhenCallerLeaves =
  /** It is broken off at once, and costs all that was set aside: a provider may have generated all of it by then. */
  | 'ABORT'
  /** It is read to its end, within the longest time of a call, and costs what the provider says. */
  | 'DRAIN'
  /** It is read on for as long as the `provider` plugin says in `drainMs`, ten seconds unless said, and then broken off. */
  | 'DRAIN_CAPPED';

export type ReadAuditQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: AuditEventFilter | null | undefined;
}>;


export type ReadAuditQuery = { auditEvents: { edges: Array<{ node: { id: string, at: string, type: string, outcome: string, details: unknown, actor: { kind: string, id: string, name: string }, subject: { kind: string, id: string } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ApplyConfigurationMutationVariables = Exact<{
  input: ApplyConfigurationInput;
}>;


export type ApplyConfigurationMutation = { applyConfiguration:
    | { __typename: 'AppliedConfiguration', warnings: Array<string>, revision: number, changes: Array<{ action: AppliedChangeAction, kind: string, name: string, fields: Array<{ field: string, before: unknown, after: unknown }> }>, issuedKeys: Array<{ virtualKeyId: string, name: string, secret: string }> }
    | { __typename: 'ConfigurationFileInvalid', message: string, code: string, problems: Array<{ path: string, message: string }> }
    | { __typename: 'ConfigurationMoved', message: string, code: string }
   };

export type ExportConfigurationQueryVariables = Exact<{ [key: string]: never; }>;


export type ExportConfigurationQuery = { configurationFile: { document: unknown, warnings: Array<string> } };

export type FindDemoQueryVariables = Exact<{ [key: string]: never; }>;


export type FindDemoQuery = { workspaces: { edges: Array<{ node: { id: string, name: string } }> }, customers: { edges: Array<{ node: { id: string, name: string } }> }, businessUnits: { edges: Array<{ node: { id: string, name: string } }> }, teams: { edges: Array<{ node: { id: string, name: string } }> }, users: { edges: Array<{ node: { id: string, name: string } }> }, providers: { edges: Array<{ node: { id: string, name: string, baseUrl: string } }> }, models: { edges: Array<{ node: { id: string, name: string, provider: { name: string } | null } }> }, virtualKeys: { edges: Array<{ node: { id: string, name: string, providerConfigs: Array<{ weight: number | null, allowedModels: Array<string>, providerKeyIds: Array<string>, provider: { id: string } | null }> } }> } };

export type CreateDemoCustomerMutationVariables = Exact<{
  input: CreateCustomerInput;
}>;


export type CreateDemoCustomerMutation = { createCustomer:
    | { __typename: 'Customer', id: string }
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type CreateDemoBusinessUnitMutationVariables = Exact<{
  input: CreateBusinessUnitInput;
}>;


export type CreateDemoBusinessUnitMutation = { createBusinessUnit:
    | { __typename: 'BusinessUnit', id: string }
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type CreateDemoTeamMutationVariables = Exact<{
  input: CreateTeamInput;
}>;


export type CreateDemoTeamMutation = { createTeam:
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'Team', id: string }
   };

export type CreateDemoUserMutationVariables = Exact<{
  input: CreateUserInput;
}>;


export type CreateDemoUserMutation = { createUser:
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'User', id: string }
   };

export type CreateDemoProviderMutationVariables = Exact<{
  input: CreateProviderInput;
}>;


export type CreateDemoProviderMutation = { createProvider:
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'Provider', id: string }
   };

export type MoveDemoProviderMutationVariables = Exact<{
  input: UpdateProviderInput;
}>;


export type MoveDemoProviderMutation = { updateProvider:
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'Provider', id: string }
    | { __typename: 'StaleUpdate', message: string }
   };

export type AddDemoProviderKeyMutationVariables = Exact<{
  input: AddProviderKeyInput;
}>;


export type AddDemoProviderKeyMutation = { addProviderKey:
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'ProviderKey', id: string }
   };

export type CreateDemoModelMutationVariables = Exact<{
  input: CreateModelInput;
}>;


export type CreateDemoModelMutation = { createModel:
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'Model', id: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type IssueDemoKeyMutationVariables = Exact<{
  input: IssueVirtualKeyInput;
}>;


export type IssueDemoKeyMutation = { issueVirtualKey:
    | { __typename: 'AlreadyIssued', message: string }
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'IssuedVirtualKey', secret: string, virtualKey: { id: string } }
    | { __typename: 'NotFound', message: string }
   };

export type ReissueDemoKeyMutationVariables = Exact<{
  input: RotateVirtualKeyInput;
}>;


export type ReissueDemoKeyMutation = { rotateVirtualKey:
    | { __typename: 'AlreadyIssued', message: string }
    | { __typename: 'IdempotencyKeyReused', message: string }
    | { __typename: 'IssuedVirtualKey', secret: string, virtualKey: { id: string } }
    | { __typename: 'KeyRevoked', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type WidenDemoKeyMutationVariables = Exact<{
  input: UpdateVirtualKeyInput;
}>;


export type WidenDemoKeyMutation = { updateVirtualKey:
    | { __typename: 'KeyRevoked', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'ProfileManaged', message: string }
    | { __typename: 'StaleUpdate', message: string }
    | { __typename: 'VirtualKey', id: string }
   };

export type SetDemoBudgetMutationVariables = Exact<{
  input: SetBudgetInput;
}>;


export type SetDemoBudgetMutation = { setBudget:
    | { __typename: 'Budget', id: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'ProfileManaged', message: string }
    | { __typename: 'SeveralBudgets', message: string }
    | { __typename: 'StaleUpdate', message: string }
   };

export type ListKeysQueryVariables = Exact<{
  after?: string | null | undefined;
  filter?: VirtualKeyFilter | null | undefined;
}>;


export type ListKeysQuery = { virtualKeys: { edges: Array<{ node: { id: string, name: string, status: VirtualKeyStatus, createdAt: string, expiresAt: string | null, customer: { name: string } | null, team: { name: string } | null, user: { name: string, email: string | null } | null, providerConfigs: Array<{ allowedModels: Array<string>, provider: { name: string } | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type FindOwnersQueryVariables = Exact<{
  afterCustomer?: string | null | undefined;
  afterTeam?: string | null | undefined;
  afterUser?: string | null | undefined;
}>;


export type FindOwnersQuery = { workspaces: { edges: Array<{ node: { id: string, name: string } }> }, providers: { edges: Array<{ node: { id: string, name: string } }> }, customers: { edges: Array<{ node: { id: string, name: string, workspace: { id: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, teams: { edges: Array<{ node: { id: string, name: string, workspace: { id: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, users: { edges: Array<{ node: { id: string, name: string, email: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type IssueKeyMutationVariables = Exact<{
  input: IssueVirtualKeyInput;
}>;


export type IssueKeyMutation = { issueVirtualKey:
    | { __typename: 'AlreadyIssued', message: string, code: string }
    | { __typename: 'IdempotencyKeyReused', message: string, code: string }
    | { __typename: 'IssuedVirtualKey', secret: string, virtualKey: { id: string, name: string } }
    | { __typename: 'NotFound', message: string, code: string }
   };

export type RotateKeyMutationVariables = Exact<{
  input: RotateVirtualKeyInput;
}>;


export type RotateKeyMutation = { rotateVirtualKey:
    | { __typename: 'AlreadyIssued', message: string, code: string }
    | { __typename: 'IdempotencyKeyReused', message: string, code: string }
    | { __typename: 'IssuedVirtualKey', secret: string, virtualKey: { id: string, name: string } }
    | { __typename: 'KeyRevoked', message: string, code: string }
    | { __typename: 'NotFound', message: string, code: string }
   };

export type RevokeKeyMutationVariables = Exact<{
  input: RevokeVirtualKeyInput;
}>;


export type RevokeKeyMutation = { revokeVirtualKey:
    | { __typename: 'NotFound', message: string, code: string }
    | { __typename: 'VirtualKey', id: string, name: string, status: VirtualKeyStatus }
   };

export type SummarizeUsageQueryVariables = Exact<{
  groupBy: Array<UsageDimension> | UsageDimension;
  interval?: UsageInterval | null | undefined;
  filter?: UsageSummaryFilter | null | undefined;
}>;


export type SummarizeUsageQuery = { usageSummary: Array<{ from: string | null, tag: string | null, model: string | null, outcome: string | null, provider: { name: string } | null, virtualKey: { id: string, name: string } | null, user: { name: string, email: string | null } | null, team: { name: string } | null, businessUnit: { name: string } | null, customer: { name: string } | null, totals: { requests: number, inputTokens: number, outputTokens: number, costNanoUsd: string } }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const ReadAuditDocument = new TypedDocumentString(`
    query ReadAudit($first: Int!, $after: String, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    edges {
      node {
        id
        at
        type
        outcome
        actor {
          kind
          id
          name
        }
        subject {
          kind
          id
        }
        details
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ReadAuditQuery, ReadAuditQueryVariables>;
export const ApplyConfigurationDocument = new TypedDocumentString(`
    mutation ApplyConfiguration($input: ApplyConfigurationInput!) {
  applyConfiguration(input: $input) {
    __typename
    ... on AppliedConfiguration {
      changes {
        action
        kind
        name
        fields {
          field
          before
          after
        }
      }
      issuedKeys {
        virtualKeyId
        name
        secret
      }
      warnings
      revision
    }
    ... on ConfigurationFileInvalid {
      problems {
        path
        message
      }
    }
    ... on Refusal {
      message
      code
    }
  }
}
    `) as unknown as TypedDocumentString<ApplyConfigurationMutation, ApplyConfigurationMutationVariables>;
export const ExportConfigurationDocument = new TypedDocumentString(`
    query ExportConfiguration {
  configurationFile {
    document
    warnings
  }
}
    `) as unknown as TypedDocumentString<ExportConfigurationQuery, ExportConfigurationQueryVariables>;
export const FindDemoDocument = new TypedDocumentString(`
    query FindDemo {
  workspaces(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  customers(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  businessUnits(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  teams(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  users(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  providers(first: 100) {
    edges {
      node {
        id
        name
        baseUrl
      }
    }
  }
  models(first: 100) {
    edges {
      node {
        id
        name
        provider {
          name
        }
      }
    }
  }
  virtualKeys(first: 100) {
    edges {
      node {
        id
        name
        providerConfigs {
          provider {
            id
          }
          weight
          allowedModels
          providerKeyIds
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FindDemoQuery, FindDemoQueryVariables>;
export const CreateDemoCustomerDocument = new TypedDocumentString(`
    mutation CreateDemoCustomer($input: CreateCustomerInput!) {
  createCustomer(input: $input) {
    __typename
    ... on Customer {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoCustomerMutation, CreateDemoCustomerMutationVariables>;
export const CreateDemoBusinessUnitDocument = new TypedDocumentString(`
    mutation CreateDemoBusinessUnit($input: CreateBusinessUnitInput!) {
  createBusinessUnit(input: $input) {
    __typename
    ... on BusinessUnit {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoBusinessUnitMutation, CreateDemoBusinessUnitMutationVariables>;
export const CreateDemoTeamDocument = new TypedDocumentString(`
    mutation CreateDemoTeam($input: CreateTeamInput!) {
  createTeam(input: $input) {
    __typename
    ... on Team {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoTeamMutation, CreateDemoTeamMutationVariables>;
export const CreateDemoUserDocument = new TypedDocumentString(`
    mutation CreateDemoUser($input: CreateUserInput!) {
  createUser(input: $input) {
    __typename
    ... on User {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoUserMutation, CreateDemoUserMutationVariables>;
export const CreateDemoProviderDocument = new TypedDocumentString(`
    mutation CreateDemoProvider($input: CreateProviderInput!) {
  createProvider(input: $input) {
    __typename
    ... on Provider {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoProviderMutation, CreateDemoProviderMutationVariables>;
export const MoveDemoProviderDocument = new TypedDocumentString(`
    mutation MoveDemoProvider($input: UpdateProviderInput!) {
  updateProvider(input: $input) {
    __typename
    ... on Provider {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MoveDemoProviderMutation, MoveDemoProviderMutationVariables>;
export const AddDemoProviderKeyDocument = new TypedDocumentString(`
    mutation AddDemoProviderKey($input: AddProviderKeyInput!) {
  addProviderKey(input: $input) {
    __typename
    ... on ProviderKey {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<AddDemoProviderKeyMutation, AddDemoProviderKeyMutationVariables>;
export const CreateDemoModelDocument = new TypedDocumentString(`
    mutation CreateDemoModel($input: CreateModelInput!) {
  createModel(input: $input) {
    __typename
    ... on Model {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDemoModelMutation, CreateDemoModelMutationVariables>;
export const IssueDemoKeyDocument = new TypedDocumentString(`
    mutation IssueDemoKey($input: IssueVirtualKeyInput!) {
  issueVirtualKey(input: $input) {
    __typename
    ... on IssuedVirtualKey {
      secret
      virtualKey {
        id
      }
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<IssueDemoKeyMutation, IssueDemoKeyMutationVariables>;
export const ReissueDemoKeyDocument = new TypedDocumentString(`
    mutation ReissueDemoKey($input: RotateVirtualKeyInput!) {
  rotateVirtualKey(input: $input) {
    __typename
    ... on IssuedVirtualKey {
      secret
      virtualKey {
        id
      }
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ReissueDemoKeyMutation, ReissueDemoKeyMutationVariables>;
export const WidenDemoKeyDocument = new TypedDocumentString(`
    mutation WidenDemoKey($input: UpdateVirtualKeyInput!) {
  updateVirtualKey(input: $input) {
    __typename
    ... on VirtualKey {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<WidenDemoKeyMutation, WidenDemoKeyMutationVariables>;
export const SetDemoBudgetDocument = new TypedDocumentString(`
    mutation SetDemoBudget($input: SetBudgetInput!) {
  setBudget(input: $input) {
    __typename
    ... on Budget {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<SetDemoBudgetMutation, SetDemoBudgetMutationVariables>;
export const ListKeysDocument = new TypedDocumentString(`
    query ListKeys($after: String, $filter: VirtualKeyFilter) {
  virtualKeys(first: 100, after: $after, filter: $filter) {
    edges {
      node {
        id
        name
        status
        createdAt
        expiresAt
        customer {
          name
        }
        team {
          name
        }
        user {
          name
          email
        }
        providerConfigs {
          provider {
            name
          }
          allowedModels
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ListKeysQuery, ListKeysQueryVariables>;
export const FindOwnersDocument = new TypedDocumentString(`
    query FindOwners($afterCustomer: String, $afterTeam: String, $afterUser: String) {
  workspaces(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  providers(first: 100) {
    edges {
      node {
        id
        name
      }
    }
  }
  customers(first: 100, after: $afterCustomer) {
    edges {
      node {
        id
        name
        workspace {
          id
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
  teams(first: 100, after: $afterTeam) {
    edges {
      node {
        id
        name
        workspace {
          id
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
  users(first: 100, after: $afterUser) {
    edges {
      node {
        id
        name
        email
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<FindOwnersQuery, FindOwnersQueryVariables>;
export const IssueKeyDocument = new TypedDocumentString(`
    mutation IssueKey($input: IssueVirtualKeyInput!) {
  issueVirtualKey(input: $input) {
    __typename
    ... on IssuedVirtualKey {
      secret
      virtualKey {
        id
        name
      }
    }
    ... on Refusal {
      message
      code
    }
  }
}
    `) as unknown as TypedDocumentString<IssueKeyMutation, IssueKeyMutationVariables>;
export const RotateKeyDocument = new TypedDocumentString(`
    mutation RotateKey($input: RotateVirtualKeyInput!) {
  rotateVirtualKey(input: $input) {
    __typename
    ... on IssuedVirtualKey {
      secret
      virtualKey {
        id
        name
      }
    }
    ... on Refusal {
      message
      code
    }
  }
}
    `) as unknown as TypedDocumentString<RotateKeyMutation, RotateKeyMutationVariables>;
export const RevokeKeyDocument = new TypedDocumentString(`
    mutation RevokeKey($input: RevokeVirtualKeyInput!) {
  revokeVirtualKey(input: $input) {
    __typename
    ... on VirtualKey {
      id
      name
      status
    }
    ... on Refusal {
      message
      code
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeKeyMutation, RevokeKeyMutationVariables>;
export const SummarizeUsageDocument = new TypedDocumentString(`
    query SummarizeUsage($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {
  usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {
    from
    tag
    model
    outcome
    provider {
      name
    }
    virtualKey {
      id
      name
    }
    user {
      name
      email
    }
    team {
      name
    }
    businessUnit {
      name
    }
    customer {
      name
    }
    totals {
      requests
      inputTokens
      outputTokens
      costNanoUsd
    }
  }
}
    `) as unknown as TypedDocumentString<SummarizeUsageQuery, SummarizeUsageQueryVariables>;