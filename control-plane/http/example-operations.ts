/** What the page opens with, one tab each; they build on each other from the first to the last. */
export const exampleOperations: readonly { readonly query: string; readonly variables?: object }[] = [
  {
    query: `# Paste your admin token above, then press
# Ctrl-Enter to run an operation.
query WhoAmI {
  viewer {
    name
    role { name }
    organization { id name }
  }
  workspaces { edges { node { id name } } }
}
`,
  },
  {
    query: `mutation CreateTeam($input: CreateTeamInput!) {
  createTeam(input: $input) {
    ... on Team { id name }
    ... on Refusal { code message }
  }
}
`,
    variables: { input: { workspaceId: 'ws_…', name: 'Search' } },
  },
  {
    query: `mutation IssueKey($input: IssueVirtualKeyInput!) {
  issueVirtualKey(input: $input) {
    ... on IssuedVirtualKey { secret virtualKey { id name status } }
    ... on Refusal { code message }
  }
}
`,
    variables: {
      input: {
        workspaceId: 'ws_…',
        name: 'search-backend',
        owner: { teamId: 'team_…' },
        providerConfigs: [{ providerId: 'prov_…', allowedModels: ['*'], providerKeyIds: ['*'] }],
      },
    },
  },
  {
    query: `query LatestCalls {
  usage(first: 20) {
    totalCount
    edges {
      node { at model outcome errorCode inputTokens outputTokens costNanoUsd virtualKey { name } }
    }
  }
}
`,
  },
  {
    query: `query AuditTrail {
  auditEvents(first: 20) {
    edges { node { at type outcome actor { kind name } subject { kind id } } }
  }
}
`,
  },
]
