import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWholeSchema } from '../acceptance/whole-schema.ts'
import { type Answer, read, startApi, type Tenant, type TestApi } from './api.ts'
import { type IdArgument, idArguments, kindsWithId, operationNaming } from './id-arguments.ts'
import { furnish, type Things } from './tenancy-things.ts'

const named = idArguments().map((argument) => ({
  ...argument,
  what: `${argument.field.name}(${argument.path})`,
}))

/** Asked for by its user, and no node: the tests of the stores of sessions keep organizations apart. */
const keptElsewhere = new Set(['session', 'testSignIn'])

/** A well-formed id that nothing has. */
const absentLike = (id: string) => `${id.slice(0, id.indexOf('_'))}_01ARZ3NDEKTSV4RRFFQ69G5FAV`
/** An answer but for the id that was asked for, byte for byte. */
const anonymous = (answer: Answer, id: string) => JSON.stringify(answer).replaceAll(id, '<id>')

/** Whether an answer tells, or has done, anything. */
function isRefusal({ data, errors }: Answer): boolean {
  if (errors.length > 0) return true
  const [result] = Object.values(data ?? {})
  if (Array.isArray(result)) return result.every((one) => one === null)
  if (result === null) return true
  const { __typename, totalCount } = result as { __typename?: string; totalCount?: number }
  return __typename === 'NotFound' || totalCount === 0
}

describe.each([{ ormFilter: true }, { ormFilter: false }])('ormFilter: $ormFilter', (options) => {
  let api: TestApi
  let own: Tenant
  let ownThings: Things
  let foreign: Tenant
  let foreignThings: Things
  /** In the second workspace of the own organization, which the confined token reaches. */
  let confined: Tenant
  let confinedThings: Things

  beforeAll(async () => {
    api = await startApi(options)
    own = await api.createTenant('Own')
    foreign = await api.createTenant('Foreign')
    ownThings = await furnish(api, own, 'Own')
    foreignThings = await furnish(api, foreign, 'Foreign')
    const workspaceId = await createWorkspace()
    confinedThings = await furnish(api, { ...own, workspaceId }, 'Confined')
    confined = { ...own, workspaceId, token: await issueConfinedToken(workspaceId) }
  })

  afterAll(() => api.close())

  async function createWorkspace(): Promise<string> {
    const document = 'mutation { createWorkspace(input: { name: "second" }) { ... on Workspace { id } } }'
    const { data } = await api.ask(own.token, document)
    return read<{ id: string }>(data, 'createWorkspace').id
  }

  async function issueConfinedToken(workspaceId: string): Promise<string> {
    const document = `mutation($input: IssueApiTokenInput!) { issueApiToken(input: $input) { ... on IssuedApiToken { secret } } }`
    const input = { name: 'confined', role: 'ADMIN', workspaceId }
    const { data } = await api.ask(own.token, document, { input })
    return read<{ secret: string }>(data, 'issueApiToken').secret
  }

  async function compare(argument: IdArgument, id: string, token: string, things: Things): Promise<void> {
    const ask = (asked: string) => {
      const { document, variables } = operationNaming(argument, asked, things)
      return api.ask(token, document, variables)
    }
    const missing = await ask(absentLike(id))
    const hidden = await ask(id)
    expect(anonymous(hidden, id)).toBe(anonymous(missing, absentLike(id)))
    expect(hidden).toSatisfy(isRefusal)
  }

  const revisionOf = async ({ token }: Tenant) => {
    const { data } = await api.ask(token, '{ configuration { revision } auditEvents { totalCount } }')
    return data
  }

  const wholeOf = (token: string, { testSignIn = '' }: Things) =>
    readWholeSchema(
      async (query, variables) => {
        const { data, errors } = await api.ask(token, query, variables)
        // A token of one workspace may not read what is about the whole organization.
        const isForbidden = errors.some(({ extensions }) => extensions.code === 'FORBIDDEN')
        if (isForbidden && token === confined.token) return JSON.stringify({ data: {} })
        return JSON.stringify(errors.length > 0 ? { data, errors } : { data })
      },
      { TestSignIn: testSignIn },
    )

  it('there is a thing of every type that has an id', () => {
    for (const things of [ownThings, foreignThings, confinedThings])
      expect(
        Object.keys(things)
          .filter((kind) => things[kind] !== '' && !keptElsewhere.has(kind))
          .sort(),
      ).toEqual(kindsWithId)
  })

  describe('another organization’s thing', () => {
    let before: unknown
    beforeAll(async () => {
      before = await revisionOf(foreign)
    })

    it.each(named)('answers $what like one that does not exist', async (argument) => {
      for (const kind of argument.kinds)
        await compare(argument, foreignThings[kind] ?? '', own.token, ownThings)
    })

    it('is changed by none of that', async () => {
      expect(await revisionOf(foreign)).toEqual(before)
    })

    it('is on no path through the schema, though every field is walked', async () => {
      const { answers, unasked } = await wholeOf(own.token, ownThings)
      expect(unasked).toEqual([])
      const seen = answers.map(({ body }) => body).join('\n')
      for (const [kind, id] of Object.entries(foreignThings)) expect(seen, kind).not.toContain(id)
      expect(seen).not.toMatch(/foreign/i)
      for (const [kind, id] of Object.entries(ownThings)) {
        if (!keptElsewhere.has(kind)) expect(seen, kind).toContain(id)
      }
    })
  })

  describe('to a token of one workspace, a thing of another one', () => {
    const inWorkspace = ['workspace', 'customer', 'businessUnit', 'team', 'virtualKey', 'providerConfig']
    const hidden = [...inWorkspace, 'budget', 'requestLimit', 'usageRecord']
    const takesHidden = named.filter(({ kinds }) => kinds.some((kind) => hidden.includes(kind)))

    it.each(takesHidden)('answers $what like one that does not exist', async (argument) => {
      for (const kind of argument.kinds.filter((one) => hidden.includes(one)))
        await compare(argument, ownThings[kind] ?? '', confined.token, confinedThings)
    })

    it('is on no path through the schema', async () => {
      const { answers } = await wholeOf(confined.token, confinedThings)
      const seen = answers.map(({ body }) => body).join('\n')
      for (const kind of hidden) expect(seen, kind).not.toContain(ownThings[kind])
      for (const kind of hidden) expect(seen, kind).toContain(confinedThings[kind])
    })
  })
})
