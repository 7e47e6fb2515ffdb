import type { Acceptance } from '../graphql/accepted-input.ts'
import type { BadDocument } from './bad-document.ts'

const models = ['models', 'blockedModels', 'allowedModels', 'deniedModels']
const names = ['name', 'description', 'upstreamName', ...models]
const headers = ['allowedHeaders', 'allowlist', 'denylist']
const networks = ['ipAllowlist', 'trustedProxies']
const kinds = ['input', 'cachedInput', 'output', 'reasoning', 'audioInput', 'audioOutput']
const prices = kinds.map((kind) => `${kind}UsdPerMillionTokens`)
const amounts = ['limitUsd', 'imageUsd', 'callUsd', 'toolCallUsd', ...prices]

/** What the corpus holds and some member of a file takes all the same. Whatever is not named here is refused. */
export const acceptedMembers: readonly Acceptance[] = [
  { values: ['emoji'], fields: names, because: 'people and providers write names in any script' },
  {
    ...{ values: ['the name of a prototype'], fields: [...names, ...headers, 'pattern'] },
    because: 'it is text: nothing looks a member up by it on an object with a prototype',
  },
  { values: ['an empty text'], fields: ['description'], because: 'it takes a description away' },
  {
    ...{ values: ['a fraction'], fields: [...amounts, 'weight'] },
    because: 'money has cents, and weights are relative to each other',
  },
  { values: ['a hundred million'], fields: ['limitUsd'], because: 'a budget may be large' },
  {
    ...{ values: ['the largest Int'], fields: ['maxRequests', 'maxTokens'] },
    because: 'it is the limit that the field names',
  },
  { values: ['a negative number'], fields: ['order'], because: 'it orders, and 0 is no end of the order' },
  {
    values: ['an element twice'],
    fields: ['tags', 'inherits', 'permissions', 'allowedOrigins', ...headers, ...networks],
    because: 'a set: what is named twice is in it once',
  },
  {
    ...{ values: ['the key of a constructor'], fields: ['config'] },
    because: 'the plugin’s own schema decides about the members of its configuration',
  },
]

const reached: Acceptance = {
  ...{ values: ['an element twice'], fields: ['workspaces'] },
  because: 'of a role: a set',
}

/** Why a value may be taken; undefined when it must be refused. */
export function acceptanceOf({ position, bad }: BadDocument): Acceptance | undefined {
  const known = position.path.startsWith('/roles/') ? [...acceptedMembers, reached] : acceptedMembers
  return known.find(({ values, fields }) => values.includes(bad.name) && fields.includes(position.field))
}
