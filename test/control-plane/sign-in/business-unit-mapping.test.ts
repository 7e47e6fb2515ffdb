import { describe, expect, it } from 'vitest'
import {
  type BusinessUnitRule,
  knownBusinessUnits,
  mapBusinessUnits,
} from '../../../control-plane/sign-in/business-unit-mapping.ts'

const known = knownBusinessUnits([
  { id: 'bu_research', customerId: 'cus_a', name: 'Research' },
  { id: 'bu_sales', customerId: 'cus_a', name: 'Sales' },
  { id: 'bu_other', customerId: 'cus_b', name: 'Research' },
  { id: 'bu_cafe', customerId: 'cus_a', name: 'Cafe\u0301' },
])
const fixed = (value: string, businessUnitId: string, claim = 'department'): BusinessUnitRule => ({
  ...{ claim, value, businessUnitId, customerId: null },
})
const named = (value: string, customerId: string, claim = 'department'): BusinessUnitRule => ({
  ...{ claim, value, businessUnitId: null, customerId },
})

describe('the business units of a person are', () => {
  it.each<[string, readonly BusinessUnitRule[], object, readonly string[], readonly string[]]>([
    ['none without rules', [], { department: 'Research' }, [], []],
    ['none without the claim', [fixed('*', 'bu_sales'), named('*', 'cus_a')], {}, [], []],
    [
      'that of a rule that applies, in any case',
      [fixed('r&d', 'bu_research')],
      { department: 'R&D' },
      ['bu_research'],
      [],
    ],
    [
      'none of a rule that does not apply',
      [fixed('r&d', 'bu_research')],
      { department: ['r', 'r&d2'] },
      [],
      [],
    ],
    ['that of whoever has any value', [fixed('*', 'bu_sales')], { department: ['x', 'y'] }, ['bu_sales'], []],
    [
      'those of all rules that apply, each once',
      [fixed('b', 'bu_sales'), fixed('a', 'bu_research'), named('*', 'cus_a', 'unit')],
      { department: ['a', 'b'], unit: 'Sales' },
      ['bu_research', 'bu_sales'],
      [],
    ],
    [
      'of the customer of the rule, and of no other',
      [named('*', 'cus_b')],
      { department: 'Research' },
      ['bu_other'],
      [],
    ],
    [
      'of that customer whichever comes first',
      [named('*', 'cus_a')],
      { department: 'Research' },
      ['bu_research'],
      [],
    ],
    [
      'found by the whole name, to the letter',
      [named('*', 'cus_a')],
      { department: ['research', 'Sale'] },
      [],
      ['Sale', 'research'],
    ],
    [
      'found in any composition of letters',
      [named('*', 'cus_a')],
      { department: ['Caf\u00e9'] },
      ['bu_cafe'],
      [],
    ],
    [
      'named only by the value that the rule is about',
      [named('sales', 'cus_a')],
      { department: ['Sales', 'Research'] },
      ['bu_sales'],
      [],
    ],
    [
      'never found by an id that a claim brings',
      [named('*', 'cus_a')],
      { department: ['bu_sales', 'cus_a Sales'] },
      [],
      ['bu_sales', 'cus_a Sales'],
    ],
    [
      'none that was deleted',
      [fixed('*', 'bu_gone'), named('*', 'cus_gone')],
      { department: 'Research' },
      [],
      ['Research'],
    ],
  ])('%s', (_, rules, claims, ids, unknown) => {
    expect(mapBusinessUnits({ ...claims }, rules, known)).toEqual({ ids, unknown })
  })

  it('the older one of two whose names look the same', () => {
    const twins = knownBusinessUnits([
      { id: 'bu_2', customerId: 'cus_a', name: 'Caf\u00e9' },
      { id: 'bu_1', customerId: 'cus_a', name: 'Cafe\u0301' },
    ])
    expect(mapBusinessUnits({ department: 'Caf\u00e9' }, [named('*', 'cus_a')], twins).ids).toEqual(['bu_1'])
  })
})
