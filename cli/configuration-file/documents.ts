import { graphql } from '../generated/gql.ts'

export const ApplyConfiguration = graphql(`
  mutation ApplyConfiguration($input: ApplyConfigurationInput!) {
    applyConfiguration(input: $input) {
      __typename
      ... on AppliedConfiguration {
        changes { action kind name fields { field before after } }
        issuedKeys { virtualKeyId name secret }
        warnings
        revision
      }
      ... on ConfigurationFileInvalid { problems { path message } }
      ... on Refusal { message code }
    }
  }
`)

export const ExportConfiguration = graphql(`
  query ExportConfiguration {
    configurationFile { document warnings }
  }
`)
