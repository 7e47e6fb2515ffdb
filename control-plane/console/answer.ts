import { useEffect } from 'react'
import { type AnyVariables, type TypedDocumentNode, type UseQueryArgs, useQuery } from 'urql'
import { type Failure, failureOf } from './failure.ts'
import { useSignInAgain } from './sign-in-again.ts'

export interface Answer<Data> {
  readonly data: Data | undefined
  /** Why there is no data. */
  readonly failure: Failure | undefined
  readonly isLoading: boolean
  again(): void
}

/** Asks the API. Whoever is no longer signed in goes to sign in, and comes back to this page. */
export function useAnswer<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { pause = false } = {},
): Answer<Data> {
  const [{ data, error, fetching }, ask] = useQuery({ query, variables, pause } as UseQueryArgs<
    Variables,
    Data
  >)
  const signInAgain = useSignInAgain()
  const failure = error && !data ? failureOf(error) : undefined
  const isSignedOut = failure?.kind === 'signed_out'
  useEffect(() => {
    if (isSignedOut) signInAgain()
  }, [isSignedOut, signInAgain])
  return {
    data,
    failure,
    isLoading: fetching || isSignedOut,
    again: () => ask({ requestPolicy: 'network-only' }),
  }
}
