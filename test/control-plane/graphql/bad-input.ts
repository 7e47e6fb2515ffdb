import type { Tenant, TestApi } from '../api.ts'
import type { Things } from '../tenancy-things.ts'
import { type BadValue, badValuesOf, RawJson } from './bad-values.ts'
import { type Position, positionsOf, type RootField } from './input-positions.ts'
import { sampleOperation } from './sample-operation.ts'

/** An operation of one field whose input is right in all but one place. */
export interface BadInput {
  readonly operation: 'query' | 'mutation'
  readonly field: RootField
  readonly position: Position
  readonly bad: BadValue
}

export interface Outcome {
  readonly input: BadInput
  readonly status: number
  /** Of the refusal, or of the first error; undefined when it was done. */
  readonly code: string | undefined
  readonly message: string
}

/** `createTeam input.name: a NUL`. */
export function titleOf({ field, position, bad }: BadInput): string {
  return `${field.name} ${position.path}: ${bad.name}`
}

export function badInputsOf(operation: BadInput['operation'], field: RootField, things: Things): BadInput[] {
  return positionsOf(field).flatMap((position) => {
    const sample = sampleAt(operation, field, position, things)
    const values = badValuesOf(position, sample, things, position.isFirstOfType)
    return values.map((bad) => ({ operation, field, position, bad }))
  })
}

/** What a right input has at a position, of a list one element. */
function sampleAt(
  operation: BadInput['operation'],
  field: RootField,
  { path }: Position,
  things: Things,
): unknown {
  const nowhere = { path: `${path}.0.nowhere`, value: undefined }
  let sample: unknown = sampleOperation(operation, field, things, nowhere).variables
  for (const step of path.split('.')) sample = (sample as Record<string, unknown> | undefined)?.[step]
  return sample
}

export async function send(
  { controlPlane: { url } }: TestApi,
  { token }: Tenant,
  input: BadInput,
  things: Things,
): Promise<Outcome> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: bodyOf(input, things),
  })
  return { input, status: response.status, ...outcomeOf(input.field, await response.text()) }
}

function bodyOf({ operation, field, position, bad }: BadInput, things: Things): string {
  const replacement = { path: position.path, value: bad.value }
  const { document, variables } = sampleOperation(operation, field, things, replacement)
  const body = JSON.stringify({ query: document, variables })
  if (!(bad.value instanceof RawJson)) return body
  const { text } = bad.value
  return body.replace(JSON.stringify(bad.value), () => text)
}

interface Answer {
  readonly data?: Readonly<
    Record<string, { readonly code?: string; readonly message?: string } | null>
  > | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

function outcomeOf({ name }: RootField, text: string): Pick<Outcome, 'code' | 'message'> {
  const { data, errors } = JSON.parse(text) as Answer
  const [error] = errors ?? []
  if (error) return { code: error.extensions?.code ?? 'none', message: error.message }
  const { code, message = '' } = data?.[name] ?? {}
  return { code, message }
}
