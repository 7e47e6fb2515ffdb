import { graphql } from '../generated/gql.ts'

export const ReadAudit = graphql(`
  query ReadAudit($first: Int!, $after: String, $filter: AuditEventFilter) {
    auditEvents(first: $first, after: $after, filter: $filter) {
      edges {
        node { id at type outcome actor { kind id name } subject { kind id } details }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`)
