import { readFileSync } from 'node:fs'
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { GraphQLError, type GraphQLSchema, parse, stripIgnoredCharacters, validate } from 'graphql'
import type { GraphQLParams, Plugin } from 'graphql-yoga'
import Type from 'typebox'
import { Compile } from 'typebox/compile'

/** The operations that are answered, by id. */
export type OperationManifest = ReadonlyMap<string, string>

export class ManifestInvalid extends Error {
  override readonly name = 'ManifestInvalid'
}

const Manifest = Compile(Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 })))
const mostProblems = 10

/**
 * Reads a file as graphql-codegen's client preset writes it (`persistedDocuments`): a JSON object, id → text.
 *
 * @throws ManifestInvalid that names the operations which do not fit the schema.
 */
export function readManifest(path: string, schema: GraphQLSchema): OperationManifest {
  const manifest = parseManifest(path)
  const problems = Object.entries(manifest).flatMap(([id, text]) =>
    problemsOf(schema, text).map((problem) => `${id}: ${problem}`),
  )
  if (problems.length > 0) {
    const rest = problems.length > mostProblems ? `\nand ${problems.length - mostProblems} more` : ''
    throw new ManifestInvalid(
      `GRAPHQL_PERSISTED_OPERATIONS: ${path} holds operations that do not fit the schema:\n${problems.slice(0, mostProblems).join('\n')}${rest}`,
    )
  }
  return new Map(Object.entries(manifest))
}

function parseManifest(path: string): Record<string, string> {
  const manifest = readJson(path)
  if (Manifest.Check(manifest)) return manifest
  throw new ManifestInvalid(
    `GRAPHQL_PERSISTED_OPERATIONS: ${path} must be a JSON object of operations, {"<id>": "<text>"}`,
  )
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ManifestInvalid(`GRAPHQL_PERSISTED_OPERATIONS: ${path} cannot be read: ${reason}`, { cause })
  }
}

function problemsOf(schema: GraphQLSchema, text: string): string[] {
  try {
    return validate(schema, parse(text)).map(({ message }) => message)
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message]
    throw error
  }
}

/**
 * Answers the operations of the manifest alone: by `documentId` (GraphQL over HTTP, "Persisted Documents"), by
 * Apollo's `extensions.persistedQuery.sha256Hash`, or by their own text, however it is laid out.
 */
export function allowOnly(manifest: OperationManifest): Plugin[] {
  const idOfText = new Map<string | undefined, string>(
    Array.from(manifest, ([id, text]) => [stripIgnoredCharacters(text), id]),
  )
  return [
    {
      onParams({ params, setParams }) {
        if (typeof params.query !== 'string' || params.query === '') return
        const documentId = idOfText.get(withoutLayout(params.query))
        if (documentId !== undefined) setParams(named(params, documentId))
      },
    },
    usePersistedOperations({
      extractPersistedOperationId: idOf,
      getPersistedOperation: (id) => manifest.get(id) ?? manifest.get(`sha256:${id}`) ?? null,
      customErrors: {
        notFound: refusal('PERSISTED_OPERATION_UNKNOWN', 'There is no persisted operation of this id'),
        keyNotFound: refusal('PERSISTED_OPERATION_REQUIRED', 'The request names no operation'),
        persistedQueryOnly: refusal(
          'PERSISTED_OPERATION_REQUIRED',
          'This operation is not among the persisted ones, and no other is answered here',
        ),
      },
    }),
  ]
}

interface NamedParams extends GraphQLParams {
  readonly documentId?: unknown
}

function idOf({ documentId, extensions }: NamedParams): string | null {
  if (typeof documentId === 'string') return documentId
  const { sha256Hash } = (extensions?.persistedQuery ?? {}) as { sha256Hash?: unknown }
  return typeof sha256Hash === 'string' ? sha256Hash : null
}

function named({ query: _text, ...rest }: GraphQLParams, documentId: string): NamedParams {
  return { ...rest, documentId }
}

function refusal(code: string, problem: string) {
  return {
    message: `${problem}: send the "documentId" of an operation in the file that GRAPHQL_PERSISTED_OPERATIONS names`,
    extensions: { code, http: { status: 400 } },
  }
}

/** @returns undefined of what is no GraphQL. */
function withoutLayout(text: string): string | undefined {
  try {
    return stripIgnoredCharacters(text)
  } catch (error) {
    if (error instanceof GraphQLError) return undefined
    throw error
  }
}
