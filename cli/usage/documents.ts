import { graphql } from '../generated/gql.ts'

export const SummarizeUsage = graphql(`
  query SummarizeUsage($groupBy: [UsageDimension!]!, $filter: UsageFilter) {
    usageSummary(groupBy: $groupBy, filter: $filter) {
      day
      model
      outcome
      provider { name }
      virtualKey { id name }
      user { name email }
      team { name }
      businessUnit { name }
      customer { name }
      totals { requests inputTokens outputTokens costNanoUsd }
    }
  }
`)
