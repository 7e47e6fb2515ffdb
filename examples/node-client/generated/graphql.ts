/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
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

/** Whether the bodies of calls may be logged. Data planes are told; today no part of Gatehouse logs a body. */
export type ContentLogging =
  /** As is decided for all keys. */
  | 'INHERIT'
  /** They may not. */
  | 'OFF'
  /** They may. */
  | 'ON';

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

export type FindPlacesQueryVariables = Exact<{ [key: string]: never; }>;


export type FindPlacesQuery = { workspaces: { edges: Array<{ node: { id: string } }> }, teams: { edges: Array<{ node: { id: string, name: string } }> }, providers: { edges: Array<{ node: { id: string, name: string } }> } };

export type IssueKeyMutationVariables = Exact<{
  input: IssueVirtualKeyInput;
}>;


export type IssueKeyMutation = { issueVirtualKey:
    | { message: string }
    | { message: string }
    | { secret: string, virtualKey: { id: string } }
    | { message: string }
   };

export type LimitSpendingMutationVariables = Exact<{
  input: SetBudgetInput;
}>;


export type LimitSpendingMutation = { setBudget:
    | { id: string }
    | { message: string }
    | { message: string }
    | { message: string }
    | { message: string }
   };

export type ReadUsageQueryVariables = Exact<{
  virtualKeyId: string;
}>;


export type ReadUsageQuery = { usage: { edges: Array<{ node: { model: string | null, inputTokens: number, outputTokens: number, costNanoUsd: string, outcome: string } }> } };

export type RevokeKeyMutationVariables = Exact<{
  input: RevokeVirtualKeyInput;
}>;


export type RevokeKeyMutation = { revokeVirtualKey:
    | { message: string }
    | { status: VirtualKeyStatus }
   };

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

export const FindPlacesDocument = new TypedDocumentString(`
    query FindPlaces {
  workspaces(first: 1) {
    edges {
      node {
        id
      }
    }
  }
  teams(first: 1) {
    edges {
      node {
        id
        name
      }
    }
  }
  providers(first: 1) {
    edges {
      node {
        id
        name
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FindPlacesQuery, FindPlacesQueryVariables>;
export const IssueKeyDocument = new TypedDocumentString(`
    mutation IssueKey($input: IssueVirtualKeyInput!) {
  issueVirtualKey(input: $input) {
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
    `) as unknown as TypedDocumentString<IssueKeyMutation, IssueKeyMutationVariables>;
export const LimitSpendingDocument = new TypedDocumentString(`
    mutation LimitSpending($input: SetBudgetInput!) {
  setBudget(input: $input) {
    ... on Budget {
      id
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<LimitSpendingMutation, LimitSpendingMutationVariables>;
export const ReadUsageDocument = new TypedDocumentString(`
    query ReadUsage($virtualKeyId: ID!) {
  usage(first: 10, filter: {virtualKeyId: $virtualKeyId}) {
    edges {
      node {
        model
        inputTokens
        outputTokens
        costNanoUsd
        outcome
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ReadUsageQuery, ReadUsageQueryVariables>;
export const RevokeKeyDocument = new TypedDocumentString(`
    mutation RevokeKey($input: RevokeVirtualKeyInput!) {
  revokeVirtualKey(input: $input) {
    ... on VirtualKey {
      status
    }
    ... on Refusal {
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeKeyMutation, RevokeKeyMutationVariables>;