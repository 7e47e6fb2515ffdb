import type { TypedDocumentString } from '../generated/graphql.ts'

const TIMEOUT_MS = 30_000

/** The control plane's GraphQL API, asked with one admin token. */
export interface GraphqlApi {
  /** Whether the token is one of the control plane's, and not revoked or expired. */
  isAccepted(): Promise<boolean>
  /** @throws Error with the API's own words when it answers with errors */
  run<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result>
}

export function graphqlApi(url: string, token: string): GraphqlApi {
  const post = (query: string, variables: unknown) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  return {
    isAccepted: async () => (await post('{ viewer { id } }', {})).status !== 401,
    async run<Result, Variables>(document: TypedDocumentString<Result, Variables>, variables: Variables) {
      const response = await post(document.toString(), variables)
      const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] }
      if (errors?.length || data === undefined || data === null) {
        const reasons = errors?.map(({ message }) => message).join('; ')
        throw new Error(`The control plane answered ${response.status}: ${reasons ?? 'no data'}`)
      }
      return data
    },
  }
}

/** The wanted member of a mutation's result; a refusal is thrown in its own words. */
export function accepted<Result extends { __typename?: string }, Name extends Result['__typename']>(
  result: Result,
  typename: Name,
): Extract<Result, { __typename?: Name }> {
  if (result.__typename === typename) return result as Extract<Result, { __typename?: Name }>
  throw new Error('message' in result ? String(result.message) : `The API answered with ${result.__typename}`)
}
