import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor'
import { type DocumentNode, type GraphQLError, Kind, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { OperationTooCostly } from '../graphql/errors.ts'

const most = { tokens: 4_000, depth: 15, aliases: 50, directives: 50, repeatedFields: 50 } as const

const waysOut: Readonly<Record<keyof typeof most, string>> = {
  tokens: 'Split the operation, and pass values as variables',
  depth: 'Ask for what lies deeper in an operation of its own',
  aliases: 'Split the operation, or ask for many objects at once with nodes(ids:) or a list',
  directives: 'Split the operation, or leave fields out of its text instead of skipping them',
  repeatedFields: 'Name each field once in its selection',
}

/** Of a text with many mistakes the first are shown; an answer must not be many times its question. */
const mostValidationErrors = 5

/** Bounds that hold before an operation is executed; what it may cost is bounded by the schema's own complexity. */
export function limitOperations(): Plugin[] {
  return [
    EnvelopArmorPlugin({
      maxTokens: { n: most.tokens, onReject: [refusal('tokens')] },
      maxDepth: { n: most.depth, ignoreIntrospection: true, onReject: [refusal('depth')] },
      maxAliases: { n: most.aliases, allowList: [], onReject: [refusal('aliases')] },
      maxDirectives: { n: most.directives, onReject: [refusal('directives')] },
      // The schema has its own measure, which knows the sizes of pages.
      costLimit: { enabled: false },
      blockFieldSuggestion: { enabled: false },
    }),
    {
      // Before validation, which compares repeated fields with each other, pair by pair.
      onParse:
        () =>
        ({ result }) => {
          if (result !== null && !(result instanceof Error)) refuseRepetition(result)
        },
    },
    {
      onValidate:
        () =>
        ({ result, setResult }) => {
          if (result.length > mostValidationErrors) setResult(result.slice(0, mostValidationErrors))
        },
    },
  ]
}

function refusal(limit: keyof typeof most) {
  return (_context: unknown, error: GraphQLError): never => {
    const found = /found (\d+)/.exec(error.message)?.[1]
    throw new OperationTooCostly({
      measure: limit,
      most: most[limit],
      ...(found !== undefined && { found: Number(found) }),
      wayOut: waysOut[limit],
    })
  }
}

function refuseRepetition(document: DocumentNode): void {
  let repeated = 0
  visit(document, {
    SelectionSet({ selections }) {
      const names = new Set<string>()
      for (const selection of selections) {
        if (selection.kind !== Kind.FIELD) continue
        const name = (selection.alias ?? selection.name).value
        if (names.has(name)) repeated += 1
        names.add(name)
      }
    },
  })
  if (repeated > most.repeatedFields) {
    throw new OperationTooCostly({
      measure: 'repeatedFields',
      most: most.repeatedFields,
      found: repeated,
      wayOut: waysOut.repeatedFields,
    })
  }
}
