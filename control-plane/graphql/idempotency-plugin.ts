import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { canonicalJson, type Json } from '../../contract/canonical.ts'
import { checkText } from '../input.ts'
import type { RequestContext } from './context.ts'

const pluginName = 'idempotency'
const longestKey = 128

/** Lets a mutation whose input has an `idempotencyKey` do its work once; see doOnce. */
export class IdempotencyPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (fieldConfig.parentType !== 'Mutation') return resolve
    return (parent, args, context, info) => {
      const { idempotencyKey, ...input } = inputOf(args)
      if (typeof idempotencyKey !== 'string') return resolve(parent, args, context, info)
      const repeatable = withKey(context as RequestContext, fieldConfig.name, idempotencyKey, input)
      return resolve(parent, args, repeatable, info)
    }
  }
}

function inputOf(args: object): Readonly<Record<string, unknown>> {
  return 'input' in args ? (args.input as Readonly<Record<string, unknown>>) : {}
}

function withKey(context: RequestContext, operation: string, key: string, input: object): RequestContext {
  checkText('idempotencyKey', key, { maximumLength: longestKey })
  const { services } = context
  // Under the pepper, because an input may hold a secret that could be guessed.
  const inputDigest = services.secrets.digestVirtualKey(`${operation} ${canonicalJson(plain(input))}`)
  const idempotentRequest = { key, operation, inputDigest, now: services.now() }
  return { ...context, services: { ...services, idempotentRequest } }
}

function plain(input: object): Json {
  const text = JSON.stringify(input, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return JSON.parse(text) as Json
}

SchemaBuilder.registerPlugin(pluginName, IdempotencyPlugin)
