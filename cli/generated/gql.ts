/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query ReadAudit($first: Int!, $after: String, $filter: AuditEventFilter) {\n    auditEvents(first: $first, after: $after, filter: $filter) {\n      edges {\n        node { id at type outcome actor { kind id name } subject { kind id } details }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.ReadAuditDocument,
    "\n  mutation ApplyConfiguration($input: ApplyConfigurationInput!) {\n    applyConfiguration(input: $input) {\n      __typename\n      ... on AppliedConfiguration {\n        changes { action kind name fields { field before after } }\n        issuedKeys { virtualKeyId name secret }\n        warnings\n        revision\n      }\n      ... on ConfigurationFileInvalid { problems { path message } }\n      ... on Refusal { message code }\n    }\n  }\n": typeof types.ApplyConfigurationDocument,
    "\n  query ExportConfiguration {\n    configurationFile { document warnings }\n  }\n": typeof types.ExportConfigurationDocument,
    "\n  query FindDemo {\n    workspaces(first: 100) { edges { node { id name } } }\n    customers(first: 100) { edges { node { id name } } }\n    businessUnits(first: 100) { edges { node { id name } } }\n    teams(first: 100) { edges { node { id name } } }\n    users(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name baseUrl } } }\n    models(first: 100) { edges { node { id name provider { name } } } }\n    virtualKeys(first: 100) { edges { node { id name providerConfigs { provider { id } weight allowedModels providerKeyIds } } } }\n  }\n": typeof types.FindDemoDocument,
    "\n  mutation CreateDemoCustomer($input: CreateCustomerInput!) {\n    createCustomer(input: $input) { __typename ... on Customer { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoCustomerDocument,
    "\n  mutation CreateDemoBusinessUnit($input: CreateBusinessUnitInput!) {\n    createBusinessUnit(input: $input) { __typename ... on BusinessUnit { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoBusinessUnitDocument,
    "\n  mutation CreateDemoTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) { __typename ... on Team { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoTeamDocument,
    "\n  mutation CreateDemoUser($input: CreateUserInput!) {\n    createUser(input: $input) { __typename ... on User { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoUserDocument,
    "\n  mutation CreateDemoProvider($input: CreateProviderInput!) {\n    createProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoProviderDocument,
    "\n  mutation MoveDemoProvider($input: UpdateProviderInput!) {\n    updateProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n": typeof types.MoveDemoProviderDocument,
    "\n  mutation AddDemoProviderKey($input: AddProviderKeyInput!) {\n    addProviderKey(input: $input) { __typename ... on ProviderKey { id } ... on Refusal { message } }\n  }\n": typeof types.AddDemoProviderKeyDocument,
    "\n  mutation CreateDemoModel($input: CreateModelInput!) {\n    createModel(input: $input) { __typename ... on Model { id } ... on Refusal { message } }\n  }\n": typeof types.CreateDemoModelDocument,
    "\n  mutation IssueDemoKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n": typeof types.IssueDemoKeyDocument,
    "\n  mutation ReissueDemoKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n": typeof types.ReissueDemoKeyDocument,
    "\n  mutation WidenDemoKey($input: UpdateVirtualKeyInput!) {\n    updateVirtualKey(input: $input) { __typename ... on VirtualKey { id } ... on Refusal { message } }\n  }\n": typeof types.WidenDemoKeyDocument,
    "\n  mutation SetDemoBudget($input: SetBudgetInput!) {\n    setBudget(input: $input) { __typename ... on Budget { id } ... on Refusal { message } }\n  }\n": typeof types.SetDemoBudgetDocument,
    "\n  query ListKeys($after: String, $filter: VirtualKeyFilter) {\n    virtualKeys(first: 100, after: $after, filter: $filter) {\n      edges {\n        node {\n          id\n          name\n          status\n          createdAt\n          expiresAt\n          customer { name }\n          team { name }\n          user { name email }\n          providerConfigs { provider { name } allowedModels }\n        }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.ListKeysDocument,
    "\n  query FindOwners($afterCustomer: String, $afterTeam: String, $afterUser: String) {\n    workspaces(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name } } }\n    customers(first: 100, after: $afterCustomer) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    teams(first: 100, after: $afterTeam) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    users(first: 100, after: $afterUser) {\n      edges { node { id name email } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.FindOwnersDocument,
    "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n": typeof types.IssueKeyDocument,
    "\n  mutation RotateKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n": typeof types.RotateKeyDocument,
    "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      __typename\n      ... on VirtualKey { id name status }\n      ... on Refusal { message code }\n    }\n  }\n": typeof types.RevokeKeyDocument,
    "\n  query SummarizeUsage($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {\n    usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {\n      from\n      tag\n      model\n      outcome\n      provider { name }\n      virtualKey { id name }\n      user { name email }\n      team { name }\n      businessUnit { name }\n      customer { name }\n      totals { requests inputTokens outputTokens costNanoUsd }\n    }\n  }\n": typeof types.SummarizeUsageDocument,
};
const documents: Documents = {
    "\n  query ReadAudit($first: Int!, $after: String, $filter: AuditEventFilter) {\n    auditEvents(first: $first, after: $after, filter: $filter) {\n      edges {\n        node { id at type outcome actor { kind id name } subject { kind id } details }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.ReadAuditDocument,
    "\n  mutation ApplyConfiguration($input: ApplyConfigurationInput!) {\n    applyConfiguration(input: $input) {\n      __typename\n      ... on AppliedConfiguration {\n        changes { action kind name fields { field before after } }\n        issuedKeys { virtualKeyId name secret }\n        warnings\n        revision\n      }\n      ... on ConfigurationFileInvalid { problems { path message } }\n      ... on Refusal { message code }\n    }\n  }\n": types.ApplyConfigurationDocument,
    "\n  query ExportConfiguration {\n    configurationFile { document warnings }\n  }\n": types.ExportConfigurationDocument,
    "\n  query FindDemo {\n    workspaces(first: 100) { edges { node { id name } } }\n    customers(first: 100) { edges { node { id name } } }\n    businessUnits(first: 100) { edges { node { id name } } }\n    teams(first: 100) { edges { node { id name } } }\n    users(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name baseUrl } } }\n    models(first: 100) { edges { node { id name provider { name } } } }\n    virtualKeys(first: 100) { edges { node { id name providerConfigs { provider { id } weight allowedModels providerKeyIds } } } }\n  }\n": types.FindDemoDocument,
    "\n  mutation CreateDemoCustomer($input: CreateCustomerInput!) {\n    createCustomer(input: $input) { __typename ... on Customer { id } ... on Refusal { message } }\n  }\n": types.CreateDemoCustomerDocument,
    "\n  mutation CreateDemoBusinessUnit($input: CreateBusinessUnitInput!) {\n    createBusinessUnit(input: $input) { __typename ... on BusinessUnit { id } ... on Refusal { message } }\n  }\n": types.CreateDemoBusinessUnitDocument,
    "\n  mutation CreateDemoTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) { __typename ... on Team { id } ... on Refusal { message } }\n  }\n": types.CreateDemoTeamDocument,
    "\n  mutation CreateDemoUser($input: CreateUserInput!) {\n    createUser(input: $input) { __typename ... on User { id } ... on Refusal { message } }\n  }\n": types.CreateDemoUserDocument,
    "\n  mutation CreateDemoProvider($input: CreateProviderInput!) {\n    createProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n": types.CreateDemoProviderDocument,
    "\n  mutation MoveDemoProvider($input: UpdateProviderInput!) {\n    updateProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n": types.MoveDemoProviderDocument,
    "\n  mutation AddDemoProviderKey($input: AddProviderKeyInput!) {\n    addProviderKey(input: $input) { __typename ... on ProviderKey { id } ... on Refusal { message } }\n  }\n": types.AddDemoProviderKeyDocument,
    "\n  mutation CreateDemoModel($input: CreateModelInput!) {\n    createModel(input: $input) { __typename ... on Model { id } ... on Refusal { message } }\n  }\n": types.CreateDemoModelDocument,
    "\n  mutation IssueDemoKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n": types.IssueDemoKeyDocument,
    "\n  mutation ReissueDemoKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n": types.ReissueDemoKeyDocument,
    "\n  mutation WidenDemoKey($input: UpdateVirtualKeyInput!) {\n    updateVirtualKey(input: $input) { __typename ... on VirtualKey { id } ... on Refusal { message } }\n  }\n": types.WidenDemoKeyDocument,
    "\n  mutation SetDemoBudget($input: SetBudgetInput!) {\n    setBudget(input: $input) { __typename ... on Budget { id } ... on Refusal { message } }\n  }\n": types.SetDemoBudgetDocument,
    "\n  query ListKeys($after: String, $filter: VirtualKeyFilter) {\n    virtualKeys(first: 100, after: $after, filter: $filter) {\n      edges {\n        node {\n          id\n          name\n          status\n          createdAt\n          expiresAt\n          customer { name }\n          team { name }\n          user { name email }\n          providerConfigs { provider { name } allowedModels }\n        }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.ListKeysDocument,
    "\n  query FindOwners($afterCustomer: String, $afterTeam: String, $afterUser: String) {\n    workspaces(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name } } }\n    customers(first: 100, after: $afterCustomer) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    teams(first: 100, after: $afterTeam) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    users(first: 100, after: $afterUser) {\n      edges { node { id name email } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.FindOwnersDocument,
    "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n": types.IssueKeyDocument,
    "\n  mutation RotateKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n": types.RotateKeyDocument,
    "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      __typename\n      ... on VirtualKey { id name status }\n      ... on Refusal { message code }\n    }\n  }\n": types.RevokeKeyDocument,
    "\n  query SummarizeUsage($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {\n    usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {\n      from\n      tag\n      model\n      outcome\n      provider { name }\n      virtualKey { id name }\n      user { name email }\n      team { name }\n      businessUnit { name }\n      customer { name }\n      totals { requests inputTokens outputTokens costNanoUsd }\n    }\n  }\n": types.SummarizeUsageDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadAudit($first: Int!, $after: String, $filter: AuditEventFilter) {\n    auditEvents(first: $first, after: $after, filter: $filter) {\n      edges {\n        node { id at type outcome actor { kind id name } subject { kind id } details }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ReadAuditDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ApplyConfiguration($input: ApplyConfigurationInput!) {\n    applyConfiguration(input: $input) {\n      __typename\n      ... on AppliedConfiguration {\n        changes { action kind name fields { field before after } }\n        issuedKeys { virtualKeyId name secret }\n        warnings\n        revision\n      }\n      ... on ConfigurationFileInvalid { problems { path message } }\n      ... on Refusal { message code }\n    }\n  }\n"): typeof import('./graphql.ts').ApplyConfigurationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ExportConfiguration {\n    configurationFile { document warnings }\n  }\n"): typeof import('./graphql.ts').ExportConfigurationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindDemo {\n    workspaces(first: 100) { edges { node { id name } } }\n    customers(first: 100) { edges { node { id name } } }\n    businessUnits(first: 100) { edges { node { id name } } }\n    teams(first: 100) { edges { node { id name } } }\n    users(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name baseUrl } } }\n    models(first: 100) { edges { node { id name provider { name } } } }\n    virtualKeys(first: 100) { edges { node { id name providerConfigs { provider { id } weight allowedModels providerKeyIds } } } }\n  }\n"): typeof import('./graphql.ts').FindDemoDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoCustomer($input: CreateCustomerInput!) {\n    createCustomer(input: $input) { __typename ... on Customer { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoCustomerDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoBusinessUnit($input: CreateBusinessUnitInput!) {\n    createBusinessUnit(input: $input) { __typename ... on BusinessUnit { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoBusinessUnitDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoTeam($input: CreateTeamInput!) {\n    createTeam(input: $input) { __typename ... on Team { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoTeamDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoUser($input: CreateUserInput!) {\n    createUser(input: $input) { __typename ... on User { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoUserDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoProvider($input: CreateProviderInput!) {\n    createProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoProviderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MoveDemoProvider($input: UpdateProviderInput!) {\n    updateProvider(input: $input) { __typename ... on Provider { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').MoveDemoProviderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AddDemoProviderKey($input: AddProviderKeyInput!) {\n    addProviderKey(input: $input) { __typename ... on ProviderKey { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').AddDemoProviderKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateDemoModel($input: CreateModelInput!) {\n    createModel(input: $input) { __typename ... on Model { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').CreateDemoModelDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation IssueDemoKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').IssueDemoKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReissueDemoKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) { __typename ... on IssuedVirtualKey { secret virtualKey { id } } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').ReissueDemoKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation WidenDemoKey($input: UpdateVirtualKeyInput!) {\n    updateVirtualKey(input: $input) { __typename ... on VirtualKey { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').WidenDemoKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetDemoBudget($input: SetBudgetInput!) {\n    setBudget(input: $input) { __typename ... on Budget { id } ... on Refusal { message } }\n  }\n"): typeof import('./graphql.ts').SetDemoBudgetDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListKeys($after: String, $filter: VirtualKeyFilter) {\n    virtualKeys(first: 100, after: $after, filter: $filter) {\n      edges {\n        node {\n          id\n          name\n          status\n          createdAt\n          expiresAt\n          customer { name }\n          team { name }\n          user { name email }\n          providerConfigs { provider { name } allowedModels }\n        }\n      }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').ListKeysDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindOwners($afterCustomer: String, $afterTeam: String, $afterUser: String) {\n    workspaces(first: 100) { edges { node { id name } } }\n    providers(first: 100) { edges { node { id name } } }\n    customers(first: 100, after: $afterCustomer) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    teams(first: 100, after: $afterTeam) {\n      edges { node { id name workspace { id } } }\n      pageInfo { hasNextPage endCursor }\n    }\n    users(first: 100, after: $afterUser) {\n      edges { node { id name email } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): typeof import('./graphql.ts').FindOwnersDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n"): typeof import('./graphql.ts').IssueKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateKey($input: RotateVirtualKeyInput!) {\n    rotateVirtualKey(input: $input) {\n      __typename\n      ... on IssuedVirtualKey { secret virtualKey { id name } }\n      ... on Refusal { message code }\n    }\n  }\n"): typeof import('./graphql.ts').RotateKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      __typename\n      ... on VirtualKey { id name status }\n      ... on Refusal { message code }\n    }\n  }\n"): typeof import('./graphql.ts').RevokeKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SummarizeUsage($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {\n    usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {\n      from\n      tag\n      model\n      outcome\n      provider { name }\n      virtualKey { id name }\n      user { name email }\n      team { name }\n      businessUnit { name }\n      customer { name }\n      totals { requests inputTokens outputTokens costNanoUsd }\n    }\n  }\n"): typeof import('./graphql.ts').SummarizeUsageDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
