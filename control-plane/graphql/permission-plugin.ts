import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import type { Permission } from '../../contract/permissions.ts'
import type { RequestContext } from './context.ts'

const pluginName = 'permission'

/** A permission of the catalogue, or `authenticated`: anybody who is signed in. */
export type FieldPermission = Permission | 'authenticated'

/** Where a field is told which one object it is about; whoever has the permission for that object may use it. */
export type ObjectAt = 'id' | 'input.id'

/**
 * Checks a field's declared permission before its resolver runs. On a root field the declaration is required by
 * the types, see schema-types.ts; the schema does not build without it either.
 */
export class PermissionPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(fieldConfig: PothosOutputFieldConfig<Types>) {
    const isRoot = ['Query', 'Mutation', 'Subscription'].includes(fieldConfig.parentType)
    if (isRoot && !permissionOf(fieldConfig.pothosOptions)) {
      throw new TypeError(`${fieldConfig.parentType}.${fieldConfig.name} declares no permission`)
    }
    return fieldConfig
  }

  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const permission = permissionOf(fieldConfig.pothosOptions)
    if (!permission) return resolve
    const objectAt = objectAtOf(fieldConfig.pothosOptions)
    return (parent, args, context, info) => {
      const { actor } = context as RequestContext
      if (permission !== 'authenticated' && !actor.isGranted(permission, idAt(args, objectAt))) {
        actor.require(permission)
      }
      return resolve(parent, args, context, info)
    }
  }

  /** A subscription is refused before it begins; each of its events passes through `wrapResolve` again. */
  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    return subscribe && this.wrapResolve(subscribe, fieldConfig)
  }
}

/** The permission that a field's options declare. */
export function permissionOf(pothosOptions: object): FieldPermission | undefined {
  return 'permission' in pothosOptions ? (pothosOptions.permission as FieldPermission) : undefined
}

function objectAtOf(pothosOptions: object): ObjectAt | undefined {
  return 'objectAt' in pothosOptions ? (pothosOptions.objectAt as ObjectAt) : undefined
}

/** The id that a caller names. */
function idAt(args: object, place: ObjectAt | undefined): string | undefined {
  const holder = place === 'input.id' && 'input' in args ? (args.input as object) : args
  return place !== undefined && 'id' in holder ? String(holder.id) : undefined
}

SchemaBuilder.registerPlugin(pluginName, PermissionPlugin)
