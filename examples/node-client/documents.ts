import { graphql } from './generated/gql.ts'

export const FindPlaces = graphql(`
  query FindPlaces {
    workspaces(first: 1) { edges { node { id } } }
    teams(first: 1) { edges { node { id name } } }
    providers(first: 1) { edges { node { id name } } }
  }
`)

export const IssueKey = graphql(`
  mutation IssueKey($input: IssueVirtualKeyInput!) {
    issueVirtualKey(input: $input) {
      ... on IssuedVirtualKey { secret virtualKey { id } }
      ... on Refusal { message }
    }
  }
`)

export const LimitSpending = graphql(`
  mutation LimitSpending($input: SetBudgetInput!) {
    setBudget(input: $input) {
      ... on Budget { id }
      ... on Refusal { message }
    }
  }
`)

export const ReadUsage = graphql(`
  query ReadUsage($virtualKeyId: ID!) {
    usage(first: 10, filter: { virtualKeyId: $virtualKeyId }) {
      edges { node { model inputTokens outputTokens costNanoUsd outcome } }
    }
  }
`)

export const RevokeKey = graphql(`
  mutation RevokeKey($input: RevokeVirtualKeyInput!) {
    revokeVirtualKey(input: $input) {
      ... on VirtualKey { status }
      ... on Refusal { message }
    }
  }
`)
