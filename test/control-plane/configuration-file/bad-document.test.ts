import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { startApi, type Tenant, type TestApi } from '../api.ts'
import type { Acceptance } from '../graphql/accepted-input.ts'
import { isTried } from '../graphql/bad-values.ts'
import { type StoredRows, storedRows } from '../stored-rows.ts'
import { acceptanceOf, acceptedMembers } from './accepted-members.ts'
import {
  applyMutation,
  type BadDocument,
  badDocumentsOf,
  type DocumentOutcome,
  problemOf,
  refusedForm,
  sections,
  sendDocument,
  titleOf,
} from './bad-document.ts'
import { reportPlugins } from './reported-plugins.ts'
import { wholeFile, wholeFileSecrets } from './whole-file.ts'

let api: TestApi
let tenant: Tenant

beforeAll(async () => {
  api = await startApi({
    graphql: { requestsPerMinute: 1_000_000, requestsPerMinuteOfAddress: 1_000_000 },
  })
  tenant = await api.createTenant('Own')
  await reportPlugins(api, tenant)
  const { data, errors } = await api.ask(tenant.token, applyMutation, {
    input: { document: wholeFile, secrets: wholeFileSecrets },
  })
  expect({ data, errors }).toEqual({ data: { applyConfiguration: {} }, errors: [] })
})
afterAll(() => api.close())

const inFlight = 4

async function outcomesOf(
  documents: readonly BadDocument[],
  outcomeOf: (document: BadDocument) => Promise<DocumentOutcome>,
): Promise<DocumentOutcome[]> {
  const outcomes: DocumentOutcome[] = []
  const rest = documents.values()
  const sendNext = async () => {
    for (const document of rest) outcomes.push(await outcomeOf(document))
  }
  await Promise.all(Array.from({ length: inFlight }, sendNext))
  return outcomes
}

/** Members of which the server has refused a form, and said what the form's own check says. */
const toldByServer = new Set<string>()

/** A bad form is refused before anything is done: of each member the server is asked about the first one. */
async function refused(document: BadDocument): Promise<DocumentOutcome> {
  const { path } = document.position
  const expected = refusedForm(document)
  if (expected && toldByServer.has(path)) return expected
  const outcome = await sendDocument(api, tenant, document, { dryRun: false })
  if (expected && outcome.code === expected.code) {
    expect(outcome).toEqual(expected)
    toldByServer.add(path)
  }
  return outcome
}

// A dry run does everything, and leaves the next one what it found.
const tried = (document: BadDocument) => sendDocument(api, tenant, document, { dryRun: true })

function stored(): Promise<StoredRows> {
  return withClient(api.testDatabase.superuserUrl, storedRows)
}

describe('a bad value anywhere in a configuration file', () => {
  it.each(sections)(
    'is refused by its path and writes nothing: %s',
    async (section) => {
      const documents = badDocumentsOf(section).filter(
        (document) => !acceptanceOf(document) && isTried(titleOf(document)),
      )
      expect(documents.length).toBeGreaterThan(0)
      const before = await stored()
      const outcomes = await outcomesOf(documents, refused)
      expect(outcomes.flatMap((outcome) => problemOf(outcome) ?? [])).toEqual([])
      expect(await stored()).toEqual(before)
    },
    60_000,
  )
})

describe('a value that looks bad and may be meant', () => {
  const accepted = new Set<Acceptance>()

  it.each(sections)('is taken, or refused for another reason: %s', async (section) => {
    const documents = badDocumentsOf(section).filter((document) => acceptanceOf(document))
    for (const { document, code } of await outcomesOf(documents, tried)) {
      expect(code, titleOf(document)).not.toBe('INTERNAL_SERVER_ERROR')
      const acceptance = acceptanceOf(document)
      if (acceptance && code === undefined) accepted.add(acceptance)
    }
  })

  it('has a reason that still holds somewhere', () => {
    expect(acceptedMembers.filter((acceptance) => !accepted.has(acceptance))).toEqual([])
  })
})
