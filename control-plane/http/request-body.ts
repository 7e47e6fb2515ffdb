import type { GraphQLParams, Plugin } from 'graphql-yoga'
import { JsonTextInvalid, parseJsonText } from '../../contract/json-text.ts'
import { inputLimits } from '../input.ts'
import { BodyInvalid, BodyTooLarge } from './refusals.ts'

/** Around a variable's JSON there are the body, its variables and the input with its fields. */
const mostDepth = inputLimits.jsonDepth + 16

/** Reads a body as JSON in one sense only, before anything else looks at it. */
export function readBodies(mostBytes: number): Plugin {
  return {
    onRequestParse({ request, setRequestParser }) {
      if (request.method !== 'POST') return
      const length = Number(request.headers.get('content-length') ?? 0)
      if (length > mostBytes) throw new BodyTooLarge(mostBytes)
      setRequestParser(async (incoming) => paramsOf(await incoming.text()))
    },
  }
}

/** @throws BodyInvalid */
function paramsOf(text: string): GraphQLParams {
  try {
    const params = parseJsonText(text, { mostDepth })
    if (typeof params !== 'object' || params === null || Array.isArray(params)) {
      throw new BodyInvalid('must be a JSON object with a "query"')
    }
    return params
  } catch (error) {
    if (error instanceof JsonTextInvalid) throw new BodyInvalid(error.message)
    throw error
  }
}
