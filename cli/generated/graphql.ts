/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A new key of a provider. */
export type AddProviderKeyInput = {
  /** 1 to 128 characters, unique among its keys. */
  name: string;
  /** The provider. */
  providerId: string;
  /** 1 to 4096 printable ASCII characters without spaces. Stored encrypted, never shown. */
  secret: string;
  /** Its share of the calls relative to the other keys: above 0, at most 1000000; 1 unless said. */
  weight?: number | null | undefined;
};

/** How long a budget lasts, by the calendar in UTC. */
export type BudgetPeriod =
  /** Resets at midnight. */
  | 'DAY'
  /** Resets on the first of the month. */
  | 'MONTH'
  /** Never resets. */
  | 'NONE'
  /** Resets on Monday at midnight. */
  | 'WEEK'
  /** Resets on 1 January. */
  | 'YEAR';

/** A new business unit. */
export type CreateBusinessUnitInput = {
  /** The customer that it is a part of. */
  customerId: string;
  /** 1 to 128 characters, unique within the customer. */
  name: string;
};

/** A new customer. */
export type CreateCustomerInput = {
  /** 1 to 128 characters, unique in the workspace. */
  name: string;
  /** Where it lives. */
  workspaceId: string;
};

/** A new model. */
export type CreateModelInput = {
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
  /** Longest silence: 1 to 3600000 milliseconds, 120000 unless said. */
  idleTimeoutMs?: number | null | undefined;
  /** 1 to 64 of a-z, 0-9, `-` and `_`, unique in the organization. */
  name: string;
};

/** A new team. */
export type CreateTeamInput = {
  /** Charge its calls to this business unit and its customer. */
  businessUnitId?: string | null | undefined;
  /** Charge its calls to this customer. */
  customerId?: string | null | undefined;
  /** 1 to 128 characters, unique in the workspace. */
  name: string;
  /** Where it lives. */
  workspaceId: string;
};

/** A new user. */
export type CreateUserInput = {
  /** Unique in the organization; kept in lower case. */
  email?: string | null | undefined;
  /** 1 to 128 characters. */
  name: string;
  /** Charge their calls to this team. */
  teamId?: string | null | undefined;
};

/** A new key, whose secret Gatehouse makes. */
export type IssueVirtualKeyInput = {
  /** When it stops working; without: never. */
  expiresAt?: string | null | undefined;
  /** 1 to 128 characters. */
  name: string;
  /** Whom its calls are charged to. */
  owner: VirtualKeyOwnerInput;
  /** The providers that it may use; without any it may call nothing. */
  providerConfigs: Array<ProviderConfigInput>;
  /** Where it lives. */
  workspaceId: string;
};

/** Whose models a new provider begins with. Prices are the list prices of `@pydantic/genai-prices` on that day: the provider’s standard tier, for inputs of ordinary length. They are not updated by themselves. */
export type ModelCatalogue =
  /** The models of OpenAI. */
  | 'OPENAI';

/** What a model costs. */
export type ModelPricesInput = {
  /** A million input tokens from the provider’s cache; without: the input price. */
  cachedInputNanoUsdPerMillionTokens?: string | null | undefined;
  /** One picture; without: "0". */
  imageNanoUsd?: string | null | undefined;
  /** A million input tokens: "150000000" is 0.15 USD. */
  inputNanoUsdPerMillionTokens: string;
  /** A million output tokens. */
  outputNanoUsdPerMillionTokens: string;
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
  /** `[]` none, `["*"]` all, otherwise model names without duplicates. */
  allowedModels: Array<string>;
  /** The provider; each at most once. */
  providerId: string;
  /** `[]` none, `["*"]` all, otherwise ids of keys of this provider. */
  providerKeyIds: Array<string>;
  /** Share of the calls that name no provider; null: only when it is named, or as the last one left. */
  weight?: number | null | undefined;
};

/** Gives a key a new secret. */
export type RotateVirtualKeyInput = {
  /** The key. */
  id: string;
  /** How long the old secret still works: 0 to 86400. A secret before that one ends at once. */
  overlapSeconds: number;
};

/** The budget of one owner, who has at most one. */
export type SetBudgetInput = {
  /** What may be spent in one period, at least "1"; "5000000000" is 5 USD. */
  limit: string;
  /** Whom it governs. */
  owner: PolicyOwnerInput;
  /** How long it lasts. */
  period: BudgetPeriod;
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
  /** The provider. */
  id: string;
  /** Longest silence: 1 to 3600000 milliseconds. */
  idleTimeoutMs?: number | null | undefined;
  /** 1 to 64 of a-z, 0-9, `-` and `_`, unique in the organization. */
  name?: string | null | undefined;
};

/** What to change about a key; a field that is left out stays as it is. */
export type UpdateVirtualKeyInput = {
  /** False switches it off, true on again. */
  active?: boolean | null | undefined;
  /** When it stops working; null: never. */
  expiresAt?: string | null | undefined;
  /** The key. */
  id: string;
  /** Its new name. */
  name?: string | null | undefined;
  /** Replaces all of them. The configuration of a provider that stays keeps its id, budget and limit. */
  providerConfigs?: Array<ProviderConfigInput> | null | undefined;
};

/** Whom the calls of a key are charged to: exactly one of them. */
export type VirtualKeyOwnerInput =
  {   /** A customer of the workspace. */
  customerId: string; teamId?: never; userId?: never; }
  |  { customerId?: never;   /** A team of the workspace; its business unit and customer are charged too. */
  teamId: string; userId?: never; }
  |  { customerId?: never; teamId?: never;   /** A user; their team and what it belongs to are charged too. */
  userId: string; };

export type FindDemoQueryVariables = Exact<{ [key: string]: never; }>;


export type FindDemoQuery = { workspaces: { edges: Array<{ node: { id: string, name: string } }> }, customers: { edges: Array<{ node: { id: string, name: string } }> }, businessUnits: { edges: Array<{ node: { id: string, name: string } }> }, teams: { edges: Array<{ node: { id: string, name: string } }> }, users: { edges: Array<{ node: { id: string, name: string } }> }, providers: { edges: Array<{ node: { id: string, name: string, baseUrl: string } }> }, models: { edges: Array<{ node: { id: string, name: string, provider: { name: string } | null } }> }, virtualKeys: { edges: Array<{ node: { id: string, name: string, providerConfigs: Array<{ weight: number | null, allowedModels: Array<string>, providerKeyIds: Array<string>, provider: { id: string } | null }> } }> } };

export type CreateDemoCustomerMutationVariables = Exact<{
  input: CreateCustomerInput;
}>;


export type CreateDemoCustomerMutation = { createCustomer:
    | { __typename: 'Customer', id: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type CreateDemoBusinessUnitMutationVariables = Exact<{
  input: CreateBusinessUnitInput;
}>;


export type CreateDemoBusinessUnitMutation = { createBusinessUnit:
    | { __typename: 'BusinessUnit', id: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type CreateDemoTeamMutationVariables = Exact<{
  input: CreateTeamInput;
}>;


export type CreateDemoTeamMutation = { createTeam:
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'Team', id: string }
   };

export type CreateDemoUserMutationVariables = Exact<{
  input: CreateUserInput;
}>;


export type CreateDemoUserMutation = { createUser:
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'User', id: string }
   };

export type CreateDemoProviderMutationVariables = Exact<{
  input: CreateProviderInput;
}>;


export type CreateDemoProviderMutation = { createProvider:
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
   };

export type AddDemoProviderKeyMutationVariables = Exact<{
  input: AddProviderKeyInput;
}>;


export type AddDemoProviderKeyMutation = { addProviderKey:
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
    | { __typename: 'ProviderKey', id: string }
   };

export type CreateDemoModelMutationVariables = Exact<{
  input: CreateModelInput;
}>;


export type CreateDemoModelMutation = { createModel:
    | { __typename: 'Model', id: string }
    | { __typename: 'NameTaken', message: string }
    | { __typename: 'NotFound', message: string }
   };

export type IssueDemoKeyMutationVariables = Exact<{
  input: IssueVirtualKeyInput;
}>;


export type IssueDemoKeyMutation = { issueVirtualKey:
    | { __typename: 'IssuedVirtualKey', secret: string, virtualKey: { id: string } }
    | { __typename: 'NotFound', message: string }
   };

export type ReissueDemoKeyMutationVariables = Exact<{
  input: RotateVirtualKeyInput;
}>;


export type ReissueDemoKeyMutation = { rotateVirtualKey:
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
    | { __typename: 'VirtualKey', id: string }
   };

export type SetDemoBudgetMutationVariables = Exact<{
  input: SetBudgetInput;
}>;


export type SetDemoBudgetMutation = { setBudget:
    | { __typename: 'Budget', id: string }
    | { __typename: 'NotFound', message: string }
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