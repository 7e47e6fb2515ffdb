import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { StartRefused } from '../../../cli/start-refused.ts'
import { lockDataDir, prepareDataDir, readMasterKey } from '../../../cli/up/data-dir.ts'
import { temporaryDirectory } from '../../environment/index.ts'

const directory = temporaryDirectory()
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('refuses a data dir that cannot be made, in one sentence with the way out', () => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'file'), '')
  const prepare = () => prepareDataDir(join(directory, 'file', 'below'))
  expect(prepare).toThrow(StartRefused)
  expect(prepare).toThrow(/^The data dir .* cannot be written .*GATEHOUSE_DATA_DIR[^\n]*$/)
})

it('gives a data dir to one process at a time', async () => {
  const dataDir = prepareDataDir(directory)
  const first = await lockDataDir(dataDir)
  expect(await lockDataDir(dataDir)).toBeUndefined()
  await first?.release()
  const second = await lockDataDir(dataDir)
  expect(second).toBeDefined()
  await second?.release()
})

it('makes a master key once, for our eyes only', async () => {
  const dataDir = prepareDataDir(directory)
  const key = await readMasterKey(dataDir)
  expect(Buffer.from(key, 'base64')).toHaveLength(32)
  expect(await readMasterKey(dataDir)).toBe(key)
  expect(statSync(join(dataDir, 'master.key')).mode & 0o777).toBe(0o600)
})

it('never replaces the master key of a database that exists', async () => {
  const dataDir = prepareDataDir(directory)
  mkdirSync(join(dataDir, 'postgres'))
  await expect(readMasterKey(dataDir)).rejects.toThrow(/master\.key is missing/)
})
