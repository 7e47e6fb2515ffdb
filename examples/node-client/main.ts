/*
 * Issues a virtual key with a budget, uses it with the official OpenAI client, reads its usage and revokes it.
 *
 *   npm start                                   (in another terminal)
 *   npx node examples/node-client/main.ts [.gatehouse/quickstart.json]
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import OpenAI from 'openai'
import { FindPlaces, IssueKey, LimitSpending, ReadUsage, RevokeKey } from './documents.ts'
import type { TypedDocumentString } from './generated/graphql.ts'

const { graphqlUrl, dataPlaneUrl, adminToken } = JSON.parse(
  await readFile(process.argv[2] ?? '.gatehouse/quickstart.json', 'utf8'),
)

async function govern<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
): Promise<Result> {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ query: document.toString(), variables }),
  })
  const { data, errors } = await response.json()
  if (errors) throw new Error(errors[0].message)
  return data
}

const { workspaces, teams, providers } = await govern(FindPlaces)
const [workspace] = workspaces.edges
const [team] = teams.edges
const [provider] = providers.edges
if (!workspace || !team || !provider) throw new Error('There is no workspace, team or provider yet')

const { issueVirtualKey: issued } = await govern(IssueKey, {
  input: {
    workspaceId: workspace.node.id,
    name: 'node-client example',
    owner: { teamId: team.node.id },
    providerConfigs: [
      { providerId: provider.node.id, weight: 1, allowedModels: ['demo-chat'], providerKeyIds: ['*'] },
    ],
  },
})
if (!('secret' in issued)) throw new Error(issued.message)
const virtualKeyId = issued.virtualKey.id
console.log(`issued ${virtualKeyId} for the team ${team.node.name}`)

const { setBudget: budget } = await govern(LimitSpending, {
  input: { owner: { virtualKeyId }, limit: '1000000000', period: 'DAY' },
})
if ('message' in budget) throw new Error(budget.message)

const client = new OpenAI({ baseURL: `${dataPlaneUrl}/v1`, apiKey: issued.secret })
// The key reaches the data planes within a second; until then they do not know it.
await wait(1_000)
const completion = await client.chat.completions.create({
  model: 'demo-chat',
  messages: [{ role: 'user', content: 'What is a gateway?' }],
})
console.log(completion.choices[0]?.message.content)

async function readUsage() {
  for (let attempt = 0; attempt < 40; attempt++) {
    const { usage } = await govern(ReadUsage, { virtualKeyId })
    if (usage.edges.length > 0) return usage.edges.map(({ node }) => node)
    await wait(100)
  }
  throw new Error('no usage after four seconds')
}
for (const call of await readUsage()) {
  console.log(
    `${call.model}: ${call.inputTokens} + ${call.outputTokens} tokens, ${call.costNanoUsd} nano-USD, ${call.outcome}`,
  )
}

const { revokeVirtualKey: revoked } = await govern(RevokeKey, { input: { id: virtualKeyId } })
console.log('status' in revoked ? `the key is ${revoked.status}` : revoked.message)
