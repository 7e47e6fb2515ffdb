import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { read, startApi, type Tenant, type TestApi } from '../api.ts'
import { documentPositions } from './document-positions.ts'
import { reportPlugins } from './reported-plugins.ts'
import { wholeFile, wholeFileSecrets } from './whole-file.ts'

let api: TestApi
let now = Date.now()
beforeAll(async () => {
  // Keys expire so long after they begin to follow their profile.
  api = await startApi({ now: () => now })
})
afterAll(() => api.close())

interface ExportedDocument {
  readonly providers: readonly object[]
  readonly virtualKeys: readonly object[]
}

interface Exported {
  readonly document: ExportedDocument
  readonly warnings: readonly string[]
}

async function exportOf({ token }: Tenant): Promise<Exported> {
  const { data } = await api.ask(token, '{ configurationFile { document warnings } }')
  return read<Exported>(data, 'configurationFile')
}

async function apply({ token }: Tenant, input: object) {
  const mutation = `mutation($input: ApplyConfigurationInput!) { applyConfiguration(input: $input) {
    ... on AppliedConfiguration { changes { kind name } } ... on ConfigurationFileInvalid { problems { path message } } } }`
  const { data, errors } = await api.ask(token, mutation, { input })
  if (!data) throw new Error(JSON.stringify(errors))
  return read<{ changes?: readonly object[]; problems?: readonly object[] }>(data, 'applyConfiguration')
}

async function emptyOrganization(name: string): Promise<Tenant> {
  const tenant = await api.createTenant(name)
  await reportPlugins(api, tenant)
  return tenant
}

const ids = /\b([a-z]+)_[0-9A-HJKMNP-TV-Z]{26}\b/g

/** What data planes are told, but for ids, names of organizations and what is new with every secret. */
async function toldOf({ organizationId }: Tenant): Promise<string[]> {
  const rows = await api.controlPlane.database.transaction(organizationId, (em) =>
    em.execute<{ document: { kind: string; name?: string; secretDigests?: unknown } }[]>(
      `select document - '{secretDigests}'::text[] as document from config_entities where kind <> 'organization'`,
    ),
  )
  return rows.map(({ document }) => JSON.stringify(document).replace(ids, '$1')).toSorted()
}

/** What an export cannot say: whose catalogue a provider began with, and the variable of a key’s secret. */
function withWhatIsNotExported({ providers, virtualKeys, ...rest }: ExportedDocument): object {
  return {
    ...rest,
    providers: providers.map((provider) => ({ ...provider, catalogue: 'OPENAI' })),
    virtualKeys: [...virtualKeys, { secret: '$IMPORTED_SECRET' }],
  }
}

describe('an organization with at least one of everything', () => {
  it('comes out of its file whole, in an empty organization', async () => {
    const first = await emptyOrganization('First')
    expect(await apply(first, { document: wholeFile, secrets: wholeFileSecrets })).toHaveProperty('changes')
    const exported = await exportOf(first)
    // Throws when a member of the schema is nowhere in it.
    const positions = documentPositions(withWhatIsNotExported(exported.document))
    expect(positions.length).toBe(documentPositions(wholeFile).length)
    expect(exported.warnings).toEqual([])

    const second = await emptyOrganization('Second')
    expect(await apply(second, { document: exported.document, secrets: wholeFileSecrets })).toHaveProperty(
      'changes',
    )
    expect(await exportOf(second)).toEqual(exported)
    expect(await apply(second, { document: exported.document, prune: true })).toEqual({ changes: [] })
    const told = await toldOf(first)
    expect(told.length).toBeGreaterThan(30)
    expect(await toldOf(second)).toEqual(told)
  })

  it('leaves out a key that has expired, which no organization would take, and says so', async () => {
    const tenant = await emptyOrganization('Third')
    const virtualKeys = [
      { name: 'short', owner: { customer: 'Acme' }, expiresAt: new Date(now + 1_000).toISOString() },
    ]
    await apply(tenant, { document: { version: 1, customers: [{ name: 'Acme' }], virtualKeys } })
    now += 1_000
    const { document, warnings } = await exportOf(tenant)
    expect(document).not.toHaveProperty('virtualKeys')
    expect(warnings).toEqual(['The virtual key "default/short" has expired: left out'])
  })
})
