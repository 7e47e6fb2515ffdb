import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import {
  type GraphQLFieldResolver,
  type GraphQLInputType,
  type GraphQLResolveInfo,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { Json } from '../../contract/canonical.ts'
import { checkId, checkJson, checkListLength, checkUnicode } from '../input.ts'

const pluginName = 'argumentRules'

/**
 * Holds every argument of every field to what its type promises, beyond what graphql-js checks: a field that is new
 * has these limits without saying so, and tells with them where the caller's value is wrong.
 */
export class ArgumentRulesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    { args }: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (Object.keys(args).length === 0) return resolve
    return (parent, given, context, info) => {
      checkArguments(given, info)
      return resolve(parent, given, context, info)
    }
  }

  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    return subscribe && this.wrapResolve(subscribe, fieldConfig)
  }
}

/** @throws BadUserInput */
function checkArguments(given: object, { parentType, fieldName }: GraphQLResolveInfo): void {
  const values = new Map<string, unknown>(Object.entries(given))
  for (const { name, type } of parentType.getFields()[fieldName]?.args ?? []) {
    // A mutation has one, of which the caller knows the fields.
    checkValue(type, values.get(name), name === 'input' ? '' : name)
  }
}

function checkValue(type: GraphQLInputType, value: unknown, field: string): void {
  if (value == null) return
  if (isNonNullType(type)) checkValue(type.ofType, value, field)
  else if (isListType(type)) checkList(type.ofType, value as readonly unknown[], field)
  else if (isInputObjectType(type)) checkMembers(type.getFields(), value, field)
  else if (type.name === 'JSON') checkJson(field, value as Json)
  else if (type.name === 'ID') checkId(field, idOf(value))
  else if (type.name === 'String') checkUnicode(field, String(value))
}

/** The Relay plugin has taken the ids of `node` and `nodes` apart. */
function idOf(value: unknown): string {
  return String(typeof value === 'object' && value !== null && 'id' in value ? value.id : value)
}

function checkList(type: GraphQLInputType, entries: readonly unknown[], field: string): void {
  checkListLength(field, entries.length)
  for (const [index, entry] of entries.entries()) checkValue(type, entry, `${field}[${index}]`)
}

function checkMembers(
  fields: Readonly<Record<string, { readonly type: GraphQLInputType }>>,
  value: object,
  field: string,
): void {
  for (const [name, member] of Object.entries(value)) {
    const type = fields[name]?.type
    if (type) checkValue(type, member, field === '' ? name : `${field}.${name}`)
  }
}

SchemaBuilder.registerPlugin(pluginName, ArgumentRulesPlugin)
