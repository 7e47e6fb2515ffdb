/** One step of the schema's history. Never changed once released. */
export interface SchemaMigration {
  /** `NNN-name`; migrations run in the order of the list in `migrations.ts`. */
  readonly name: string
  statements(applicationRole: string): readonly string[]
}
