import { Client, fetchExchange } from 'urql'
import { credentialOf } from './credential.ts'

const answerWithinMs = 40_000

/** Nothing is kept: rights, sessions and spending are as they are now, or are not shown. */
export const graphqlClient = new Client({
  url: '/graphql',
  exchanges: [fetchExchange],
  requestPolicy: 'network-only',
  preferGetMethod: false,
  fetchOptions: () => credentialOf(),
  fetch: (target, options) => {
    const limit = AbortSignal.timeout(answerWithinMs)
    const signal = options?.signal ? AbortSignal.any([options.signal, limit]) : limit
    return fetch(target, { ...options, signal })
  },
})
