/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

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
    "\n  query Viewer {\n    viewer {\n      id\n      name\n      permissions\n      rowScope\n      expiresAt\n      role {\n        name\n        description\n      }\n      organization {\n        name\n      }\n      workspaces {\n        id\n        name\n      }\n      user {\n        id\n        email\n        lastSignedInAt\n        roleAssignments {\n          id\n          source\n          expiresAt\n          objectId\n          role {\n            name\n          }\n          givenBy {\n            name\n          }\n        }\n        memberships(first: 100) {\n          edges {\n            node {\n              id\n              source\n              team {\n                name\n              }\n              businessUnit {\n                name\n              }\n            }\n          }\n        }\n        team {\n          name\n        }\n      }\n    }\n  }\n": typeof types.ViewerDocument,
    "\n  query Token {\n    viewer {\n      id\n    }\n  }\n": typeof types.TokenDocument,
    "\n  query PermissionCatalog {\n    permissionCatalog {\n      resource\n      description\n      operations\n    }\n  }\n": typeof types.PermissionCatalogDocument,
    "\n  query ExplainPermission($permission: String!) {\n    explainPermission(input: { permission: $permission }) {\n      allowed\n      explanation\n      reasons {\n        counts\n        explanation\n        role {\n          name\n        }\n        via {\n          name\n        }\n      }\n    }\n  }\n": typeof types.ExplainPermissionDocument,
    "\n  query Sessions {\n    sessions {\n      id\n      isCurrent\n      userAgent\n      address\n      createdAt\n      lastSeenAt\n      unverifiedSince\n      expiresAt\n      identityProvider {\n        name\n      }\n    }\n  }\n": typeof types.SessionsDocument,
    "\n  query VirtualKeys($userId: ID!, $after: String) {\n    virtualKeys(filter: { userId: $userId }, first: 50, after: $after) {\n      totalCount\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      edges {\n        node {\n          id\n          name\n          status\n          expiresAt\n          workspace {\n            name\n          }\n          budgets {\n            id\n            period\n            effectiveLimit\n            settled\n            resetsAt\n          }\n        }\n      }\n    }\n  }\n": typeof types.VirtualKeysDocument,
    "\n  query Spending($userId: ID!, $from: DateTime!) {\n    usageSummary(filter: { userIds: [$userId], from: $from }, groupBy: [VIRTUAL_KEY]) {\n      virtualKey {\n        id\n      }\n      totals {\n        requests\n        costNanoUsd\n      }\n    }\n  }\n": typeof types.SpendingDocument,
    "\n  query OwnBudgets {\n    viewer {\n      user {\n        budgets {\n          id\n          period\n          effectiveLimit\n          settled\n          resetsAt\n        }\n      }\n    }\n  }\n": typeof types.OwnBudgetsDocument,
};
const documents: Documents = {
    "\n  query Viewer {\n    viewer {\n      id\n      name\n      permissions\n      rowScope\n      expiresAt\n      role {\n        name\n        description\n      }\n      organization {\n        name\n      }\n      workspaces {\n        id\n        name\n      }\n      user {\n        id\n        email\n        lastSignedInAt\n        roleAssignments {\n          id\n          source\n          expiresAt\n          objectId\n          role {\n            name\n          }\n          givenBy {\n            name\n          }\n        }\n        memberships(first: 100) {\n          edges {\n            node {\n              id\n              source\n              team {\n                name\n              }\n              businessUnit {\n                name\n              }\n            }\n          }\n        }\n        team {\n          name\n        }\n      }\n    }\n  }\n": types.ViewerDocument,
    "\n  query Token {\n    viewer {\n      id\n    }\n  }\n": types.TokenDocument,
    "\n  query PermissionCatalog {\n    permissionCatalog {\n      resource\n      description\n      operations\n    }\n  }\n": types.PermissionCatalogDocument,
    "\n  query ExplainPermission($permission: String!) {\n    explainPermission(input: { permission: $permission }) {\n      allowed\n      explanation\n      reasons {\n        counts\n        explanation\n        role {\n          name\n        }\n        via {\n          name\n        }\n      }\n    }\n  }\n": types.ExplainPermissionDocument,
    "\n  query Sessions {\n    sessions {\n      id\n      isCurrent\n      userAgent\n      address\n      createdAt\n      lastSeenAt\n      unverifiedSince\n      expiresAt\n      identityProvider {\n        name\n      }\n    }\n  }\n": types.SessionsDocument,
    "\n  query VirtualKeys($userId: ID!, $after: String) {\n    virtualKeys(filter: { userId: $userId }, first: 50, after: $after) {\n      totalCount\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      edges {\n        node {\n          id\n          name\n          status\n          expiresAt\n          workspace {\n            name\n          }\n          budgets {\n            id\n            period\n            effectiveLimit\n            settled\n            resetsAt\n          }\n        }\n      }\n    }\n  }\n": types.VirtualKeysDocument,
    "\n  query Spending($userId: ID!, $from: DateTime!) {\n    usageSummary(filter: { userIds: [$userId], from: $from }, groupBy: [VIRTUAL_KEY]) {\n      virtualKey {\n        id\n      }\n      totals {\n        requests\n        costNanoUsd\n      }\n    }\n  }\n": types.SpendingDocument,
    "\n  query OwnBudgets {\n    viewer {\n      user {\n        budgets {\n          id\n          period\n          effectiveLimit\n          settled\n          resetsAt\n        }\n      }\n    }\n  }\n": types.OwnBudgetsDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Viewer {\n    viewer {\n      id\n      name\n      permissions\n      rowScope\n      expiresAt\n      role {\n        name\n        description\n      }\n      organization {\n        name\n      }\n      workspaces {\n        id\n        name\n      }\n      user {\n        id\n        email\n        lastSignedInAt\n        roleAssignments {\n          id\n          source\n          expiresAt\n          objectId\n          role {\n            name\n          }\n          givenBy {\n            name\n          }\n        }\n        memberships(first: 100) {\n          edges {\n            node {\n              id\n              source\n              team {\n                name\n              }\n              businessUnit {\n                name\n              }\n            }\n          }\n        }\n        team {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Viewer {\n    viewer {\n      id\n      name\n      permissions\n      rowScope\n      expiresAt\n      role {\n        name\n        description\n      }\n      organization {\n        name\n      }\n      workspaces {\n        id\n        name\n      }\n      user {\n        id\n        email\n        lastSignedInAt\n        roleAssignments {\n          id\n          source\n          expiresAt\n          objectId\n          role {\n            name\n          }\n          givenBy {\n            name\n          }\n        }\n        memberships(first: 100) {\n          edges {\n            node {\n              id\n              source\n              team {\n                name\n              }\n              businessUnit {\n                name\n              }\n            }\n          }\n        }\n        team {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Token {\n    viewer {\n      id\n    }\n  }\n"): (typeof documents)["\n  query Token {\n    viewer {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PermissionCatalog {\n    permissionCatalog {\n      resource\n      description\n      operations\n    }\n  }\n"): (typeof documents)["\n  query PermissionCatalog {\n    permissionCatalog {\n      resource\n      description\n      operations\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ExplainPermission($permission: String!) {\n    explainPermission(input: { permission: $permission }) {\n      allowed\n      explanation\n      reasons {\n        counts\n        explanation\n        role {\n          name\n        }\n        via {\n          name\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ExplainPermission($permission: String!) {\n    explainPermission(input: { permission: $permission }) {\n      allowed\n      explanation\n      reasons {\n        counts\n        explanation\n        role {\n          name\n        }\n        via {\n          name\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Sessions {\n    sessions {\n      id\n      isCurrent\n      userAgent\n      address\n      createdAt\n      lastSeenAt\n      unverifiedSince\n      expiresAt\n      identityProvider {\n        name\n      }\n    }\n  }\n"): (typeof documents)["\n  query Sessions {\n    sessions {\n      id\n      isCurrent\n      userAgent\n      address\n      createdAt\n      lastSeenAt\n      unverifiedSince\n      expiresAt\n      identityProvider {\n        name\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query VirtualKeys($userId: ID!, $after: String) {\n    virtualKeys(filter: { userId: $userId }, first: 50, after: $after) {\n      totalCount\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      edges {\n        node {\n          id\n          name\n          status\n          expiresAt\n          workspace {\n            name\n          }\n          budgets {\n            id\n            period\n            effectiveLimit\n            settled\n            resetsAt\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query VirtualKeys($userId: ID!, $after: String) {\n    virtualKeys(filter: { userId: $userId }, first: 50, after: $after) {\n      totalCount\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n      edges {\n        node {\n          id\n          name\n          status\n          expiresAt\n          workspace {\n            name\n          }\n          budgets {\n            id\n            period\n            effectiveLimit\n            settled\n            resetsAt\n          }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Spending($userId: ID!, $from: DateTime!) {\n    usageSummary(filter: { userIds: [$userId], from: $from }, groupBy: [VIRTUAL_KEY]) {\n      virtualKey {\n        id\n      }\n      totals {\n        requests\n        costNanoUsd\n      }\n    }\n  }\n"): (typeof documents)["\n  query Spending($userId: ID!, $from: DateTime!) {\n    usageSummary(filter: { userIds: [$userId], from: $from }, groupBy: [VIRTUAL_KEY]) {\n      virtualKey {\n        id\n      }\n      totals {\n        requests\n        costNanoUsd\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OwnBudgets {\n    viewer {\n      user {\n        budgets {\n          id\n          period\n          effectiveLimit\n          settled\n          resetsAt\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query OwnBudgets {\n    viewer {\n      user {\n        budgets {\n          id\n          period\n          effectiveLimit\n          settled\n          resetsAt\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;