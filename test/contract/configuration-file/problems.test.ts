import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { findFormProblems, isConfigurationFile } from '../../../contract/configuration-file/problems.ts'

const guide = readFileSync(resolve(import.meta.dirname, '../../../docs/configuration-file.md'), 'utf8')

describe('the form of a configuration file', () => {
  it('is that of the example in the guide', () => {
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(guide) ?? []
    expect(findFormProblems(parse(example))).toEqual([])
  })

  it('is checked in every entry, however many are wrong', () => {
    const customers = Array.from({ length: 100 }, () => ({ name: '' }))
    expect(findFormProblems({ version: 1, customers })).toHaveLength(100)
  })

  it('keeps secrets out: only a name of a variable is one', () => {
    const withSecret = (secret: string) => ({
      version: 1,
      providers: [{ name: 'p', baseUrl: 'https://example.com', keys: [{ name: 'k', secret }] }],
    })
    expect(findFormProblems(withSecret('$OPENAI_API_KEY'))).toEqual([])
    const [problem] = findFormProblems(withSecret('sk-in-clear'))
    expect(problem?.path).toBe('/providers/0/keys/0/secret')
    expect(problem?.message).not.toContain('sk-in-clear')
  })

  it('accepts money that is exact and refuses what is not', () => {
    const budget = (limitUsd: unknown) => ({
      version: 1,
      organization: { budgets: [{ limitUsd, period: 'MONTH' }] },
    })
    for (const limit of [0, 12.5, '999999999.999999999']) expect(findFormProblems(budget(limit))).toEqual([])
    for (const limit of [-1, '1e9', '1.0000000001', null, '', 1e9, 1e308]) {
      expect(findFormProblems(budget(limit))).toMatchObject([{ path: '/organization/budgets/0/limitUsd' }])
    }
  })

  it.each(['enforce_auth_on_inference', 'enforceAuthOnInference'])(
    'the switch that let anonymous calls through is refused by name [S1-22]: %s',
    (name) => {
      for (const value of [true, false]) {
        expect(findFormProblems({ version: 1, clientConfiguration: { [name]: value } })).toEqual([
          {
            path: `/clientConfiguration/${name}`,
            message: `"${name}" was removed: every call needs a virtual key`,
          },
        ])
      }
    },
  )

  it('says what a member may be, also where it may be null', () => {
    const problemsOf = (member: object) => findFormProblems({ version: 1, teams: [{ name: 'a', ...member }] })
    expect(problemsOf({ customer: null })).toEqual([])
    expect(problemsOf({ customer: 1 })).toEqual([
      { path: '/teams/0/customer', message: 'must be string, or null' },
    ])
    const profile = { name: 'a', expiresIn: 'SOON' }
    expect(findFormProblems({ version: 1, accessProfiles: [profile] })).toEqual([
      {
        path: '/accessProfiles/0/expiresIn',
        message: 'must be one of HOUR, DAY, WEEK, MONTH, QUARTER, YEAR, or null',
      },
    ])
  })

  it('is never assumed: any other value has problems, and none is an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(findFormProblems(value).length > 0).toBe(!isConfigurationFile(value))
      }),
    )
  })
})
