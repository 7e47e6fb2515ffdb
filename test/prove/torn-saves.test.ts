import { expect, it } from 'vitest'
import { proveTornSaves } from '../../prove/torn-saves.ts'

it('a process killed while it saves configurations, or whose newest files are damaged, starts with the newest whole one', async () => {
  const verdict = await proveTornSaves({ kills: 12, seed: 20_261_128 }, () => undefined)
  expect(verdict).toMatchObject({ kills: 12, lost: 0, kept: true })
  expect(verdict.damaged).toBeGreaterThan(0)
}, 120_000)
