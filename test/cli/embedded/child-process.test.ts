import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { exitOf, stopChild } from '../../../cli/embedded/child-process.ts'

it('asking again and again whether a child has ended leaves nothing behind on it', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' })
  const listening = child.listenerCount('exit')
  try {
    for (let asked = 0; asked < 20; asked++) expect(await exitOf(child, 1)).toBe(false)
    expect(child.listenerCount('exit')).toBe(listening)
  } finally {
    await stopChild(child, [{ signal: 'SIGKILL', waitMs: 5_000 }])
  }
  expect(await exitOf(child, 0)).toBe(true)
})
