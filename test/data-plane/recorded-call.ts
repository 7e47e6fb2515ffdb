import type { BuiltinCall, Reply } from '../../plugins/sdk/builtin.ts'
import { configurationWith } from './configuration.ts'

/** A call as the journal sees it. */
export function callOf(parts: Partial<BuiltinCall>): BuiltinCall {
  return {
    id: 'call_1',
    requestId: 'req-1',
    receivedAt: 1_700_000_000_000,
    operation: 'chat.completions',
    path: '/v1/chat/completions',
    stream: false,
    model: 'gpt',
    maxOutputTokens: null,
    body: Buffer.from('{"model":"gpt"}'),
    principal: undefined,
    virtualKey: undefined,
    inferenceRights: null,
    usage: undefined,
    configuration: configurationWith(),
    reply: noReply,
    sourceAddress: '127.0.0.1',
    rawHeaders: [],
    fields: {
      insertAt: 1,
      isEmpty: false,
      model: { start: 9, end: 14 },
      stream: false,
      maxOutputTokens: undefined,
      choices: 1,
      streamOptions: undefined,
    },
    key: undefined,
    targets: [],
    providerKeyId: null,
    headerTrail: undefined,
    hold: undefined,
    header: () => undefined,
    get: () => undefined,
    set() {},
    ...parts,
  }
}

const noReply: Reply = {
  started: false,
  status: 0,
  aborted: false,
  signal: new AbortController().signal,
  onAbort() {},
  setHeader() {},
  onHead() {},
  send() {},
  start() {},
  write: () => true,
  onDrain() {},
  end() {},
}
