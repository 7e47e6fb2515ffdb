import type { FileProblem } from '../../contract/configuration-file/problems.ts'
import { deepestInheritance } from '../modules/roles/graph.ts'
import type { Item, PresentItem, WantedItem } from './items.ts'

export interface InheritanceLevels {
  /** How many roles stand above each, once the file is applied. */
  readonly wanted: ReadonlyMap<string, number>
  /** The same as it is now. */
  readonly present: ReadonlyMap<string, number>
  /** Roles of the file that would inherit from themselves, or too deeply. */
  readonly problems: readonly FileProblem[]
}

/** Of roles that inherit from one another, those above have to be there first and go last. */
export function inheritanceLevels(
  wantedItems: readonly WantedItem[],
  presentItems: readonly PresentItem[],
): InheritanceLevels {
  const presentRoles = presentItems.filter(({ kind }) => kind === 'role')
  const present = new Map(presentRoles.map((role) => [nameOf(role), inheritedBy(role) ?? []]))
  const roles = wantedItems.filter(({ kind }) => kind === 'role')
  // A role that says nothing of it inherits as it does.
  const said = roles.map(
    (role) => [nameOf(role), inheritedBy(role) ?? present.get(nameOf(role)) ?? []] as const,
  )
  const wanted = new Map([...present, ...said])
  const levels = levelsOf(wanted)
  const endless = roles.filter((role) => !levels.has(nameOf(role)))
  return {
    wanted: levels,
    present: levelsOf(present),
    problems: endless.map(({ path }) => ({
      path: `${path}/inherits`,
      message: `leads back to the role itself, or over more than ${deepestInheritance} levels`,
    })),
  }
}

type Inheritance = ReadonlyMap<string, readonly string[]>

function nameOf({ name: [name = ''] }: Item): string {
  return name
}

function inheritedBy({ fields: { inherits } }: Item): readonly string[] | undefined {
  return Array.isArray(inherits) ? inherits.map(String) : undefined
}

/** Level by level, from roles that inherit from none; without those that stand on a cycle or too high. */
function levelsOf(inheritance: Inheritance): ReadonlyMap<string, number> {
  const levels = new Map<string, number>()
  for (let level = 0; level < deepestInheritance; level++) {
    const found = [...inheritance].filter(
      ([name, above]) => !levels.has(name) && above.every((one) => levels.has(one) || !inheritance.has(one)),
    )
    for (const [name] of found) levels.set(name, level)
  }
  return levels
}
