import { graphql } from './generated/gql.ts'

/** Who asks. What a role may not see is null, such as the user for whoever may not see users. */
export const viewerQuery = graphql(`
  query Viewer {
    viewer {
      id
      name
      permissions
      rowScope
      expiresAt
      role {
        name
        description
      }
      organization {
        name
      }
      workspaces {
        id
        name
      }
      user {
        id
        email
        lastSignedInAt
        roleAssignments {
          id
          source
          expiresAt
          objectId
          role {
            name
          }
          givenBy {
            name
          }
        }
        memberships(first: 100) {
          edges {
            node {
              id
              source
              team {
                name
              }
              businessUnit {
                name
              }
            }
          }
        }
        team {
          name
        }
      }
    }
  }
`)

/** Whether a token works. */
export const tokenQuery = graphql(`
  query Token {
    viewer {
      id
    }
  }
`)

export const permissionCatalogQuery = graphql(`
  query PermissionCatalog {
    permissionCatalog {
      resource
      description
      operations
    }
  }
`)

/** Of oneself. */
export const explainPermissionQuery = graphql(`
  query ExplainPermission($permission: String!) {
    explainPermission(input: { permission: $permission }) {
      allowed
      explanation
      reasons {
        counts
        explanation
        role {
          name
        }
        via {
          name
        }
      }
    }
  }
`)

export const sessionsQuery = graphql(`
  query Sessions {
    sessions {
      id
      isCurrent
      userAgent
      address
      createdAt
      lastSeenAt
      unverifiedSince
      expiresAt
      identityProvider {
        name
      }
    }
  }
`)

export const virtualKeysQuery = graphql(`
  query VirtualKeys($userId: ID!, $after: String) {
    virtualKeys(filter: { userId: $userId }, first: 50, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          id
          name
          status
          expiresAt
          workspace {
            name
          }
          budgets {
            id
            period
            effectiveLimit
            settled
            resetsAt
          }
        }
      }
    }
  }
`)

/** What a user's calls have cost, by key. Asked by itself: who may see keys may not see usage. */
export const spendingQuery = graphql(`
  query Spending($userId: ID!, $from: DateTime!) {
    usageSummary(filter: { userIds: [$userId], from: $from }, groupBy: [VIRTUAL_KEY]) {
      virtualKey {
        id
      }
      totals {
        requests
        costNanoUsd
      }
    }
  }
`)

export const ownBudgetsQuery = graphql(`
  query OwnBudgets {
    viewer {
      user {
        budgets {
          id
          period
          effectiveLimit
          settled
          resetsAt
        }
      }
    }
  }
`)
