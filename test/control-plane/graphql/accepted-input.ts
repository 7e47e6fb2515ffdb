import type { BadInput } from './bad-input.ts'

export interface Acceptance {
  /** By their names in bad-values.ts. */
  readonly values: readonly string[]
  readonly fields: readonly string[]
  readonly because: string
}

const people = ['name', 'description']
const models = ['allowedModels', 'blockedModels', 'deniedModels', 'upstreamName']
const keys = ['idempotencyKey', 'rotationKey']
const headers = ['allowedHeaders', 'allowlist', 'denylist']
/** Whatever an identity provider says. */
const claims = ['claim', 'value', 'team', 'subject']
const groups = ['groups', 'groupPrefix']
/** How an identity provider says in which way somebody signed in. */
const evidence = ['acrValues', 'amr']
const policies = ['roleIds', 'userIds', 'timeWindows', 'days']
const sets = ['tags', 'workspaceIds', 'virtualKeyIds', 'groups', ...headers, ...evidence, ...policies]

/** What the corpus holds and some field takes all the same. Whatever is not named here is refused. */
export const acceptances: readonly Acceptance[] = [
  {
    ...{ values: ['emoji'], fields: [...people, ...models, ...keys, ...claims, ...groups, 'search'] },
    because:
      'people and providers write names in any script; what is invisible or turns the text around is refused',
  },
  {
    ...{
      values: ['the name of a prototype'],
      fields: [
        ...[...people, ...models, ...keys, ...headers, 'search', 'secret', 'value', 'pattern'],
        ...['team', 'subject', 'clientId', 'clientSecret', 'projectId', ...groups, ...evidence],
        ...['issuer', 'audiences'],
      ],
    },
    because: 'it is text: nothing looks a member up by it on an object with a prototype',
  },
  {
    ...{ values: ['an empty text'], fields: ['description', 'groupPrefix'] },
    because: 'it takes away what there was',
  },
  { values: ['the past'], fields: ['before'], because: 'what began before then ends' },
  { values: ['a fraction'], fields: ['weight'], because: 'weights are relative to each other' },
  {
    ...{ values: ['the largest Int'], fields: ['maxRequests', 'maxTokens'] },
    because: 'it is the limit that the field names',
  },
  { values: ['a negative number'], fields: ['order'], because: 'it orders, and 0 is no end of the order' },
  { values: ['an element twice'], fields: sets, because: 'a set: what is named twice is in it once' },
  {
    ...{ values: ['the key of a constructor'], fields: ['config'] },
    because: 'the plugin’s own schema decides about the members of its configuration',
  },
]

/** Why a value may be taken; undefined when it must be refused. */
export function acceptanceOf({ position, bad }: Pick<BadInput, 'position' | 'bad'>): Acceptance | undefined {
  return acceptances.find(
    ({ values, fields }) => values.includes(bad.name) && fields.includes(position.field),
  )
}
