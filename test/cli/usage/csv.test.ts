import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { usageCsvSearch, writeUsageCsv } from '../../../cli/usage/csv.ts'
import { GatehouseProcess } from '../../acceptance/gatehouse-process.ts'

let directory: string
let server: Server
let url: string
let asked: string | undefined
let answer: (response: ServerResponse) => void

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-usage-'))
  server = createServer((request, response) => {
    asked = request.url
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

const now = Date.parse('2026-03-18T12:00:00Z')
const options = () => ({ url, token: 'token', groupBy: ['MODEL'] })

it('the flags are the parameters of the route', () => {
  const flags = {
    groupBy: ['MODEL', 'TEAM'],
    teamIds: ['team_1', 'team_2'],
    interval: 'DAY',
    from: 'when',
    to: 'then',
  }
  expect(usageCsvSearch(flags, now).toString()).toBe(
    'groupBy=MODEL&groupBy=TEAM&teamIds=team_1&teamIds=team_2&interval=DAY&from=when&to=then',
  )
  expect(usageCsvSearch({ since: '1d' }, now).get('from')).toBe('2026-03-17T12:00:00.000Z')
  expect(() => usageCsvSearch({ since: '1d', from: 'when' }, now)).toThrow('Give --since or --from, not both')
})

it('rows are printed as they come, not once all are there', async () => {
  let held: ServerResponse | undefined
  answer = (response) => {
    held = response
    response.write('requested_model\r\nfirst\r\n')
  }
  const command = new GatehouseProcess(['usage', '--csv', '--group-by', 'MODEL'], {
    ...{ GATEHOUSE_URL: url, GATEHOUSE_TOKEN: 'token', GATEHOUSE_DATA_DIR: directory },
  })
  await command.untilPrinted('first')
  held?.end('second\r\n')
  expect(await command.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('second') })
  expect(asked).toMatch(/^\/usage\.csv\?groupBy=MODEL&from=/)
})

it('a file is written whole, or stays as it was', async () => {
  const output = join(directory, 'usage.csv')
  writeFileSync(output, 'before')
  answer = (response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('requested_model\r\n', () => response.destroy())
  }
  await expect(writeUsageCsv({ ...options(), output })).rejects.toThrow('broke off its answer')
  expect(readFileSync(output, 'utf8')).toBe('before')
  expect(existsSync(`${output}.partial`)).toBe(false)

  answer = (response) => response.end('requested_model\r\n')
  await writeUsageCsv({ ...options(), output })
  expect(readFileSync(output, 'utf8')).toBe('requested_model\r\n')
})

it('a refusal is told in its own words, whatever it is', async () => {
  const refuse = (status: number, body: string) => {
    answer = (response) => response.writeHead(status).end(body)
    return writeUsageCsv(options())
  }
  const body = JSON.stringify({ error: { message: 'Argument "to" lies before "from"' } })
  await expect(refuse(400, body)).rejects.toThrow('Argument "to" lies before "from"')
  await expect(refuse(401, body)).rejects.toThrow('does not accept the token: Argument "to" lies')
  await expect(refuse(401, 'No')).rejects.toThrow(/does not accept the token$/)
  await expect(refuse(404, 'Not Found')).rejects.toThrow(
    'answered 404: is it a control plane of this release?',
  )
  const nowhere = 'http://127.0.0.1:9'
  await expect(writeUsageCsv({ ...options(), url: nowhere })).rejects.toThrow('cannot be reached')
})
