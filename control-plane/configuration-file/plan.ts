import { canonicalJson, type Json } from '../../contract/canonical.ts'
import type { FileProblem } from '../../contract/configuration-file/problems.ts'
import { inheritanceLevels } from './inheritance.ts'
import { itemKey, itemKinds, type PresentItem, type WantedItem } from './items.ts'
import type { WantedConfiguration } from './wanted-items.ts'

export interface FieldChange {
  readonly field: string
  readonly before: Json
  readonly after: Json
}

/** One thing that has to be done. */
export type Step =
  | { readonly action: 'create'; readonly item: WantedItem; readonly fields: readonly FieldChange[] }
  | {
      readonly action: 'update'
      readonly item: WantedItem
      readonly present: PresentItem
      readonly fields: readonly FieldChange[]
    }
  | { readonly action: 'delete'; readonly present: PresentItem; readonly fields: readonly FieldChange[] }

export interface Plan {
  /** In the order in which they can be done. */
  readonly steps: readonly Step[]
  readonly problems: readonly FileProblem[]
  /** What the operator should know, though it keeps nothing from being done. */
  readonly warnings: readonly string[]
}

export interface PlanOptions {
  /** What the file leaves out of a list that it has is deleted. */
  readonly prune: boolean
  /** The values of the variables that the file names. */
  readonly secrets: ReadonlyMap<string, string>
}

/** Stands for a secret where one is told about. */
const hiddenSecret = '(hidden)'

/** What has to be done so that the organization is as the file wants it. */
export function planChanges(
  wanted: WantedConfiguration,
  presentItems: readonly PresentItem[],
  options: PlanOptions,
): Plan {
  const present = new Map(presentItems.map((item) => [itemKey(item.kind, item.name), item]))
  const ambiguous = namesOfSeveral(presentItems)
  const wantedKeys = new Set(wanted.items.map(({ kind, name }) => itemKey(kind, name)))
  const problems = [...wanted.problems]
  const warnings: string[] = []
  const steps: Step[] = []
  for (const item of wanted.items) {
    for (const { kind, name, path } of [item, ...item.references]) {
      const what = `${kind.replace('_', ' ')}s are named "${name.at(-1)}"`
      if (ambiguous.has(itemKey(kind, name))) problems.push({ path, message: `several ${what}: rename one` })
    }
    for (const { kind, name, path } of item.references) {
      const key = itemKey(kind, name)
      if (present.has(key) || wantedKeys.has(key)) continue
      problems.push({ path, message: `there is no ${kind.replace('_', ' ')} "${name.at(-1)}"` })
    }
    const current = present.get(itemKey(item.kind, item.name))
    const step = current ? updateStep(item, current, options, warnings) : createStep(item, options, problems)
    if (step) steps.push(step)
    if (step?.action === 'update' && changesOwner(step)) {
      problems.push({
        path: `${item.path}/owner`,
        message: 'cannot change: calls were charged to the other one',
      })
    }
  }
  const levels = inheritanceLevels(wanted.items, presentItems)
  problems.push(...levels.problems)
  const deletions = unwantedItems(presentItems, wanted, wantedKeys, options)
  const made = inOrder(steps, levels.wanted)
  return { steps: [...made, ...inOrder(deletions, levels.present).toReversed()], problems, warnings }
}

function changesOwner({ item, fields }: Step & { readonly action: 'update' }): boolean {
  return item.kind === 'virtual_key' && fields.some(({ field }) => field === 'owner')
}

/** Keys and users may share a name, which then says nothing to a file. */
function namesOfSeveral(items: readonly PresentItem[]): ReadonlySet<string> {
  const groups = Map.groupBy(items, ({ kind, name }) => itemKey(kind, name))
  return new Set([...groups].filter(([, { length }]) => length > 1).map(([key]) => key))
}

function createStep(item: WantedItem, { secrets }: PlanOptions, problems: FileProblem[]): Step {
  const fields = Object.entries(item.fields).map(([field, after]) => ({ field, before: null, after }))
  const { secretName, path } = item
  if (secretName !== undefined && !secrets.has(secretName)) {
    problems.push({ path: `${path}/secret`, message: `the environment variable ${secretName} is not set` })
  } else if (item.kind === 'provider_key' && secretName === undefined) {
    problems.push({ path: `${path}/secret`, message: 'is needed, for the key is new' })
  }
  if (secretName === undefined) return { action: 'create', item, fields }
  return {
    action: 'create',
    item,
    fields: [...fields, { field: 'secret', before: null, after: hiddenSecret }],
  }
}

function updateStep(
  item: WantedItem,
  present: PresentItem,
  { secrets }: PlanOptions,
  warnings: string[],
): Step | undefined {
  const fields = changedFields(item.fields, present.fields)
  const secret = item.secretName === undefined ? undefined : secrets.get(item.secretName)
  const thing = `${item.kind.replace('_', ' ')} "${item.name.at(-1)}"`
  if (item.secretName !== undefined && secret === undefined && item.kind === 'provider_key') {
    warnings.push(`${item.secretName} is not set: the ${thing} keeps the secret that it has`)
  }
  if (secret !== undefined && present.hasSecret?.(secret) === false) {
    // Only one kind of secret is ours to replace: applications would have to be given the other.
    if (item.kind === 'provider_key')
      fields.push({ field: 'secret', before: hiddenSecret, after: hiddenSecret })
    else
      warnings.push(`${item.secretName} is not the secret of the ${thing}, which keeps the one that it has`)
  }
  return fields.length === 0 ? undefined : { action: 'update', item, present, fields }
}

function changedFields(
  wanted: Readonly<Record<string, Json>>,
  present: Readonly<Record<string, Json>>,
): FieldChange[] {
  return Object.entries(wanted).flatMap(([field, after]) => {
    const before = present[field] ?? null
    return canonicalJson(after) === canonicalJson(before) ? [] : [{ field, before, after }]
  })
}

/** What the file leaves out of the lists that it has, when that means to delete it. */
function unwantedItems(
  presentItems: readonly PresentItem[],
  { lists }: WantedConfiguration,
  wantedKeys: ReadonlySet<string>,
  { prune }: PlanOptions,
): Step[] {
  if (!prune) return []
  const gone = new Set<string>()
  const steps: Step[] = []
  for (const present of presentItems) {
    const { kind, name } = present
    const key = itemKey(kind, name)
    // What plugins there are, their operators say.
    if (kind === 'plugin' || present.managedBy !== undefined || present.isPermanent) continue
    if (wantedKeys.has(key) || !lists.has(listOf(present))) continue
    const owner = ownerKey(present)
    // What is part of something that goes, goes with it.
    if (owner !== undefined && gone.has(owner)) continue
    gone.add(key)
    const fields = Object.entries(present.fields).map(([field, before]) => ({ field, before, after: null }))
    steps.push({ action: 'delete', present, fields })
  }
  return steps
}

function ownerKey({ kind, name, owner }: PresentItem): string | undefined {
  if (owner) return itemKey(owner.kind, owner.name)
  return kind === 'provider_key' || kind === 'model' ? itemKey('provider', name.slice(0, 1)) : undefined
}

/** Keys and models are listed by provider, budgets and limits by owner, everything else once. */
function listOf({ kind, name, owner }: PresentItem): string {
  if (owner) return itemKey(kind, [owner.kind, ...owner.name])
  return kind === 'provider_key' || kind === 'model' ? itemKey(kind, name.slice(0, 1)) : kind
}

/** One kind after the other, and of roles those that inherit after those that they inherit from. */
function inOrder(steps: readonly Step[], levels: ReadonlyMap<string, number>): Step[] {
  const subjectOf = (step: Step) => (step.action === 'delete' ? step.present : step.item)
  const kindOf = (step: Step) => itemKinds.indexOf(subjectOf(step).kind)
  const levelOf = (step: Step) =>
    subjectOf(step).kind === 'role' ? (levels.get(subjectOf(step).name[0] ?? '') ?? 0) : 0
  return steps.toSorted((a, b) => kindOf(a) - kindOf(b) || levelOf(a) - levelOf(b))
}
