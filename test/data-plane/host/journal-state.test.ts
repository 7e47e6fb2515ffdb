import { expect, it } from 'vitest'
import { JournalState, OpenCall } from '../../../data-plane/host/journal-state.ts'

it('a call that has ended lets go of what its record was made of, whoever still holds its entry', () => {
  const state = new JournalState()
  const open = new OpenCall(() => '{}')
  state.openCalls.set('call_1', open)
  expect(open.unknownEnd()).toBe('{}')
  state.finish('call_1', [])
  expect(() => open.unknownEnd()).toThrow('the call has ended')
})
