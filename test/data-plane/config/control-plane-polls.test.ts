import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ControlPlanePolls } from '../../../data-plane/config/control-plane-polls.ts'

const mostOfOneTurn = 10

it('polls that are answered at once leave everything else its turn', async () => {
  let asked = 0
  const polls = new ControlPlanePolls({
    ask: () => {
      asked += 1
      // Otherwise nothing would end the test that it fails in.
      return asked > mostOfOneTurn ? new Promise(() => undefined) : Promise.reject(new Error('away'))
    },
    // Nothing is read of either before an answer came, but the version.
    ...{ trust: {} as never, standing: () => ({ appliedEpoch: 0, appliedRevision: 0 }) as never },
    ...{ onAnswer() {}, onRevoked() {} },
    log: { info() {}, warn() {}, error() {} },
    pauseMs: 0,
  })
  polls.start()
  await turn()
  polls.close()
  expect(asked).toBeLessThan(mostOfOneTurn)
})
