import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

export class ContractViolation extends TypeError {
  override readonly name = 'ContractViolation'
}

/**
 * A parser that accepts only JSON of this schema.
 *
 * @throws ContractViolation that names the document, the place and what is wrong there.
 */
export function parserOf<Schema extends TSchema>(
  name: string,
  schema: Schema,
): (json: string) => Static<Schema> {
  const check = checkerOf(name, schema)
  return (json) => {
    let document: unknown
    try {
      document = JSON.parse(json)
    } catch {
      throw new ContractViolation(`${name} rejected: invalid JSON`)
    }
    return check(document)
  }
}

/** Like `parserOf`, for a value that is parsed already. */
export function checkerOf<Schema extends TSchema>(
  name: string,
  schema: Schema,
): (document: unknown) => Static<Schema> {
  const validator = Compile(schema)
  return (document) => {
    if (validator.Check(document)) return document
    throw new ContractViolation(`${name} rejected at ${describeViolation(validator.Errors(document))}`)
  }
}

/** The place and what is wrong there. */
export function describeViolation(
  errors: readonly { readonly keyword: string; readonly instancePath: string; readonly message: string }[],
): string {
  const [first] = errors
  if (!first) return '/: invalid'
  const message = first.keyword === 'boolean' ? 'unknown member' : first.message
  return `${first.instancePath || '/'}: ${message}`
}
