import { expect, it } from 'vitest'
import { breakingChanges, undeclaredChanges } from '../../../control-plane/graphql/breaking-changes.ts'

const before = 'type Query { team(id: ID!): Team } type Team { id: ID! name: String! }'
const removed = 'Team.name was removed.'

it('what breaks clients is found, what adds to the API is not', () => {
  expect(breakingChanges(before, before.replace('name', 'title: String name'))).toEqual([])
  expect(breakingChanges(before, before.replace('name: String!', ''))).toEqual([removed])
  expect(breakingChanges(before, before.replace('id: ID!)', 'id: ID!, at: Int!)'))).toEqual([
    'A required arg at on Query.team was added.',
  ])
})

it.each([
  [
    'is named under Breaking of Unreleased',
    `## Unreleased\n\n### Breaking\n\n- ${removed}\n\n## 1.0.0\n`,
    [],
  ],
  ['is named elsewhere', `## Unreleased\n\n- ${removed}\n\n### Breaking\n\n- Other\n`, [removed]],
  ['was declared for a release', `## Unreleased\n\n## 1.0.0\n\n### Breaking\n\n- ${removed}\n`, [removed]],
  [
    'is named under another heading',
    `## Unreleased\n\n### Breaking\n\n### Fixed\n\n- ${removed}\n`,
    [removed],
  ],
  ['is named nowhere', '', [removed]],
])('a breaking change passes only when it %s', (_, changelog, undeclared) => {
  expect(undeclaredChanges([removed], changelog)).toEqual(undeclared)
})
