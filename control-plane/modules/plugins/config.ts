import { Check, Errors } from 'typebox/schema'
import type { Json } from '../../../contract/canonical.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { withDefaults } from './defaults.ts'
import { PluginConfigInvalid } from './errors.ts'

const maximumBytes = 64 * 1024

export type PluginConfig = Record<string, Json>

/**
 * A plugin's configuration, checked against the JSON Schema that data planes reported. The schema is interpreted,
 * never compiled: it comes from outside, and a compiled one would run as code.
 *
 * @throws BadUserInput when it is no object or too large, PluginConfigInvalid when the schema refuses it.
 */
export function checkPluginConfig(name: string, schema: unknown, config: Json): PluginConfig {
  if (!isObject(config)) throw new BadUserInput('config', 'must be a JSON object')
  const bytes = Buffer.byteLength(JSON.stringify(config))
  if (bytes > maximumBytes) {
    throw new BadUserInput('config', `must have at most ${maximumBytes} bytes as JSON, not ${bytes}`)
  }
  if (!isObject(schema)) throw new PluginConfigInvalid(name, '', 'cannot be checked: its schema is no object')
  // Data planes fill in defaults before they check, too.
  const complete = withDefaults(schema, config)
  if (Check(schema, complete)) return config
  const [, errors] = Errors(schema, complete)
  const first = errors.find(({ keyword }) => keyword !== 'boolean') ?? errors[0]
  throw new PluginConfigInvalid(name, placeOf(first?.instancePath), problemOf(first))
}

interface SchemaError {
  readonly keyword: string
  readonly message: string
  readonly params: object
}

function problemOf(error: SchemaError | undefined): string {
  if (!error) return 'is invalid'
  if (error.keyword !== 'additionalProperties' || !('additionalProperties' in error.params))
    return error.message
  const { additionalProperties } = error.params
  return `${error.message}: ${[additionalProperties].flat().join(', ')}`
}

function placeOf(instancePath: string | undefined): string {
  return instancePath ? ` at ${instancePath}` : ''
}

function isObject<T>(value: T): value is T & PluginConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
