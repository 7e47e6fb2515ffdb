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
    "\n  query FindPlaces {\n    workspaces(first: 1) { edges { node { id } } }\n    teams(first: 1) { edges { node { id name } } }\n    providers(first: 1) { edges { node { id name } } }\n  }\n": typeof types.FindPlacesDocument,
    "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      ... on IssuedVirtualKey { secret virtualKey { id } }\n      ... on Refusal { message }\n    }\n  }\n": typeof types.IssueKeyDocument,
    "\n  mutation LimitSpending($input: SetBudgetInput!) {\n    setBudget(input: $input) {\n      ... on Budget { id }\n      ... on Refusal { message }\n    }\n  }\n": typeof types.LimitSpendingDocument,
    "\n  query ReadUsage($virtualKeyId: ID!) {\n    usage(first: 10, filter: { virtualKeyId: $virtualKeyId }) {\n      edges { node { model inputTokens outputTokens costNanoUsd outcome } }\n    }\n  }\n": typeof types.ReadUsageDocument,
    "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      ... on VirtualKey { status }\n      ... on Refusal { message }\n    }\n  }\n": typeof types.RevokeKeyDocument,
};
const documents: Documents = {
    "\n  query FindPlaces {\n    workspaces(first: 1) { edges { node { id } } }\n    teams(first: 1) { edges { node { id name } } }\n    providers(first: 1) { edges { node { id name } } }\n  }\n": types.FindPlacesDocument,
    "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      ... on IssuedVirtualKey { secret virtualKey { id } }\n      ... on Refusal { message }\n    }\n  }\n": types.IssueKeyDocument,
    "\n  mutation LimitSpending($input: SetBudgetInput!) {\n    setBudget(input: $input) {\n      ... on Budget { id }\n      ... on Refusal { message }\n    }\n  }\n": types.LimitSpendingDocument,
    "\n  query ReadUsage($virtualKeyId: ID!) {\n    usage(first: 10, filter: { virtualKeyId: $virtualKeyId }) {\n      edges { node { model inputTokens outputTokens costNanoUsd outcome } }\n    }\n  }\n": types.ReadUsageDocument,
    "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      ... on VirtualKey { status }\n      ... on Refusal { message }\n    }\n  }\n": types.RevokeKeyDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FindPlaces {\n    workspaces(first: 1) { edges { node { id } } }\n    teams(first: 1) { edges { node { id name } } }\n    providers(first: 1) { edges { node { id name } } }\n  }\n"): typeof import('./graphql.ts').FindPlacesDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation IssueKey($input: IssueVirtualKeyInput!) {\n    issueVirtualKey(input: $input) {\n      ... on IssuedVirtualKey { secret virtualKey { id } }\n      ... on Refusal { message }\n    }\n  }\n"): typeof import('./graphql.ts').IssueKeyDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation LimitSpending($input: SetBudgetInput!) {\n    setBudget(input: $input) {\n      ... on Budget { id }\n      ... on Refusal { message }\n    }\n  }\n"): typeof import('./graphql.ts').LimitSpendingDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadUsage($virtualKeyId: ID!) {\n    usage(first: 10, filter: { virtualKeyId: $virtualKeyId }) {\n      edges { node { model inputTokens outputTokens costNanoUsd outcome } }\n    }\n  }\n"): typeof import('./graphql.ts').ReadUsageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeKey($input: RevokeVirtualKeyInput!) {\n    revokeVirtualKey(input: $input) {\n      ... on VirtualKey { status }\n      ... on Refusal { message }\n    }\n  }\n"): typeof import('./graphql.ts').RevokeKeyDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
