import { graphql } from '../generated/gql.ts'

export const SummarizeUsage = graphql(`
  query SummarizeUsage($groupBy: [UsageDimension!]!, $interval: UsageInterval, $filter: UsageSummaryFilter) {
    usageSummary(groupBy: $groupBy, interval: $interval, filter: $filter) {
      from
      tag
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
