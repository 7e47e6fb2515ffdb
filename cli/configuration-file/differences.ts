import type { ApplyConfigurationMutation } from '../generated/graphql.ts'
import { plain, printLine } from '../terminal/output.ts'
import { styled } from '../terminal/style.ts'

export type Applied = Extract<
  ApplyConfigurationMutation['applyConfiguration'],
  { __typename: 'AppliedConfiguration' }
>
type Change = Applied['changes'][number]

const signs = { CREATE: ['+', 'green'], UPDATE: ['~', 'yellow'], DELETE: ['-', 'red'] } as const

/** Every difference: what is made, changed and deleted, the fields with their old and new values. */
export function printDifferences(changes: readonly Change[]): void {
  for (const change of changes) {
    const [sign, style] = signs[change.action]
    const name = plain(change.name)
    printLine(styled(style, `${sign} ${change.kind.replace('_', ' ')}${name && ` ${name}`}`))
    for (const { field, before, after } of change.fields)
      printLine(`    ${field}: ${values(change, before, after)}`)
  }
}

function values({ action }: Change, before: unknown, after: unknown): string {
  if (action === 'CREATE') return shown(after)
  if (action === 'DELETE') return shown(before)
  return `${shown(before)} → ${shown(after)}`
}

function shown(value: unknown): string {
  return plain(JSON.stringify(value) ?? 'null')
}

/** `3 to create, 1 to update, 0 to delete` */
export function summaryOf(changes: readonly Change[]): string {
  const count = (action: Change['action']) => changes.filter((change) => change.action === action).length
  return `${count('CREATE')} to create, ${count('UPDATE')} to update, ${count('DELETE')} to delete`
}
