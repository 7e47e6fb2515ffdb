import { afterAll, beforeAll, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { configurationPollPath } from '../../../contract/configuration-poll.ts'
import { enrolmentPath, formatEnrolmentToken } from '../../../contract/enrolment.ts'
import { startApi, type TestApi } from '../api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

async function post(path: string, body: string) {
  const answer = await fetch(new URL(path, api.controlPlane.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}

const jwk = {}
const enrolment = (organizationId: string) =>
  JSON.stringify({
    token: formatEnrolmentToken({ organizationId, secret: 's', thumbprint: 't' }),
    ...{ name: 'eu-1', version: '1', signingKey: jwk, sealingKey: jwk },
  })

/** Of a database that refuses what it is asked, which nobody outside may read. */
const ofTheDatabase = /insert into|select |set_config|byte sequence|relation|column/i

it.each<[string, string, string]>([
  ['a poll of an organization whose id no text can hold', configurationPollPath('\0', 'dp_1'), '{}'],
  ['a poll of a data plane whose id no text can hold', configurationPollPath('org_1', '\0'), '{}'],
  ['an enrolment for an organization whose id no text can hold', enrolmentPath, enrolment('\0')],
  ['an enrolment that is no JSON', enrolmentPath, '{'],
])('%s is refused, and tells nothing of the database', async (_, path, body) => {
  const { status, text } = await post(path, body)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(text).toContain('"error":{"type"')
  expect(text).not.toMatch(ofTheDatabase)
})

it('what fails unexpectedly is in the log under the id that the caller gets, and only there', async () => {
  await withClient(api.testDatabase.superuserUrl, (client) =>
    client.query('alter table data_planes rename to data_planes_gone'),
  )
  const { status, text } = await post(configurationPollPath('org_1', 'dp_1'), '{}')
  expect(status).toBe(500)
  expect(text).not.toMatch(ofTheDatabase)
  const id = /err_\w+/.exec(text)?.[0] ?? 'no id'
  expect(api.logged.find((line) => line.includes(id))).toMatch(ofTheDatabase)
})
