import type { FieldNullability, InputFieldMap, SchemaTypes, TypeParam } from '@pothos/core'
import type { ArgumentRulesPlugin } from './argument-rules-plugin.ts'
import type { IdempotencyPlugin } from './idempotency-plugin.ts'
import type { FieldPermission, ObjectAt, PermissionPlugin } from './permission-plugin.ts'

// A root field that does not say who may use it does not compile.
declare global {
  // biome-ignore lint/style/noNamespace: Pothos is extended by merging declarations into its namespace
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      permission: PermissionPlugin<Types>
      argumentRules: ArgumentRulesPlugin<Types>
      idempotency: IdempotencyPlugin<Types>
    }
    interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      permission: FieldPermission
      objectAt?: ObjectAt
    }
    interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      permission: FieldPermission
      objectAt?: ObjectAt
    }
    interface SubscriptionFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      permission: FieldPermission
    }
    interface ObjectFieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      permission?: FieldPermission
    }
  }
}
