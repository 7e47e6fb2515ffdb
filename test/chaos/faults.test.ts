import { describe, expect, it } from 'vitest'
import { inflict, type Victim } from '../../chaos/faults.ts'
import type { Fault } from '../../chaos/schedule.ts'

const silently = () => undefined
const fault = (victim: string, atMs: number, downMs = 0): Fault => ({ kind: 'kill', victim, atMs, downMs })

function recorder(failures = 0): Victim & { readonly steps: string[] } {
  const steps: string[] = []
  let left = failures
  return {
    steps,
    async kill() {
      steps.push('killed')
    },
    async start() {
      if (left-- > 0) throw new Error('its database is down')
      steps.push('started')
    },
    halt() {
      steps.push('halted')
    },
    resume() {
      steps.push('resumed')
    },
  }
}

describe('faults', () => {
  it('kill and restart whom the schedule names', async () => {
    const [a, b] = [recorder(), recorder()]
    const victims = new Map([
      ['a', a],
      ['b', b],
    ])
    const happened = await inflict([fault('a', 0), fault('b', 1)], victims, silently)
    expect([a.steps, b.steps]).toEqual([
      ['killed', 'started'],
      ['killed', 'started'],
    ])
    expect(happened).toHaveLength(2)
  })

  it('halt and resume', async () => {
    const a = recorder()
    await inflict([{ ...fault('a', 0), kind: 'halt' }], new Map([['a', a]]), silently)
    expect(a.steps).toEqual(['halted', 'resumed'])
  })

  it('leave alone whom an earlier one still has down', async () => {
    const a = recorder()
    const happened = await inflict([fault('a', 0, 200), fault('a', 1)], new Map([['a', a]]), silently)
    expect(a.steps).toEqual(['killed', 'started'])
    expect(happened).toHaveLength(1)
  })

  it('start again who cannot start yet', async () => {
    const a = recorder(1)
    await inflict([fault('a', 0)], new Map([['a', a]]), silently)
    expect(a.steps).toEqual(['killed', 'started'])
  })

  it('are refused when they name nobody', async () => {
    await expect(inflict([fault('a', 0)], new Map(), silently)).rejects.toThrow('nobody is called "a"')
  })
})
