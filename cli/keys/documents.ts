import { graphql } from '../generated/gql.ts'

export const ListKeys = graphql(`
  query ListKeys($after: String, $filter: VirtualKeyFilter) {
    virtualKeys(first: 100, after: $after, filter: $filter) {
      edges {
        node {
          id
          name
          status
          createdAt
          expiresAt
          customer { name }
          team { name }
          user { name email }
          providerConfigs { provider { name } allowedModels }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const FindOwners = graphql(`
  query FindOwners($afterCustomer: String, $afterTeam: String, $afterUser: String) {
    workspaces(first: 100) { edges { node { id name } } }
    providers(first: 100) { edges { node { id name } } }
    customers(first: 100, after: $afterCustomer) {
      edges { node { id name workspace { id } } }
      pageInfo { hasNextPage endCursor }
    }
    teams(first: 100, after: $afterTeam) {
      edges { node { id name workspace { id } } }
      pageInfo { hasNextPage endCursor }
    }
    users(first: 100, after: $afterUser) {
      edges { node { id name email } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const IssueKey = graphql(`
  mutation IssueKey($input: IssueVirtualKeyInput!) {
    issueVirtualKey(input: $input) {
      __typename
      ... on IssuedVirtualKey { secret virtualKey { id name } }
      ... on Refusal { message code }
    }
  }
`)

export const RotateKey = graphql(`
  mutation RotateKey($input: RotateVirtualKeyInput!) {
    rotateVirtualKey(input: $input) {
      __typename
      ... on IssuedVirtualKey { secret virtualKey { id name } }
      ... on Refusal { message code }
    }
  }
`)

export const RevokeKey = graphql(`
  mutation RevokeKey($input: RevokeVirtualKeyInput!) {
    revokeVirtualKey(input: $input) {
      __typename
      ... on VirtualKey { id name status }
      ... on Refusal { message code }
    }
  }
`)
