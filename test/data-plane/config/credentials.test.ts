import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Credentials } from '../../../contract/configuration/documents.ts'
import { Secrets } from '../../../data-plane/config/credentials.ts'

const credentials = (revision: number, pepper = randomBytes(32)): Credentials => ({
  format: 1,
  organizationId: 'org_1',
  dataPlaneId: 'dp_1',
  epoch: 1,
  revision,
  pepper: pepper.toString('base64'),
  secrets: {},
})

it('a virtual key has one digest under a pepper, and another once the pepper is another', () => {
  const secrets = new Secrets()
  secrets.adopt(credentials(1))
  const first = secrets.digest('sk-gh-one')
  expect(secrets.digest('sk-gh-one')).toBe(first)
  expect(secrets.digest('sk-gh-two')).not.toBe(first)
  secrets.adopt(credentials(2))
  expect(secrets.digest('sk-gh-one')).not.toBe(first)
})

it('however many virtual keys are presented, each keeps its digest', () => {
  const secrets = new Secrets()
  secrets.adopt(credentials(1))
  const first = secrets.digest('sk-gh-0')
  const digests = new Set(Array.from({ length: 10_000 }, (_, index) => secrets.digest(`sk-gh-${index}`)))
  expect(digests.size).toBe(10_000)
  expect(secrets.digest('sk-gh-0')).toBe(first)
})
