import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PipelineCompiler } from '../../../data-plane/pipeline/compiler.ts'
import { builtinNames } from '../../../data-plane/pipeline/stages.ts'
import type { BuiltinCall, BuiltinHooks } from '../../../plugins/sdk/builtin.ts'
import { Denied, type Outcome } from '../../../plugins/sdk/index.ts'
import { runOverLoopback } from '../loopback-call.ts'
import {
  compilerOf,
  type LoggedError,
  type StubStages,
  stubAuth,
  stubDefinitions,
  stubHost,
} from '../stub-plugins.ts'

describe('running a call', () => {
  it('runs the stages in order and completes them in reverse', async () => {
    const trace: string[] = []
    const traced = (name: string): BuiltinHooks => ({
      onCall: () => void trace.push(`call ${name}`),
      onComplete: () => void trace.push(`complete ${name}`),
    })
    const stages: StubStages = Object.fromEntries(builtinNames.map((name) => [name, traced(name)]))
    stages.provider = {
      ...traced('provider'),
      respond: (call) => call.reply.send(200, {}, Buffer.from('{}')),
    }
    await runOverLoopback(compilerOf(stages))
    const names = [...builtinNames]
    expect(trace).toEqual([
      ...names.map((name) => `call ${name}`),
      ...names.reverse().map((name) => `complete ${name}`),
    ])
  })

  it('turns a plain Error of any stage into 500 plugin_error and never asks the provider', async () => {
    for (const name of ['auth', 'rbac', 'budget', 'header-filter', 'audit'] as const) {
      let asked = false
      const logged: LoggedError[] = []
      const stages: StubStages = {
        [name]: {
          onCall() {
            throw new Error('secret detail')
          },
        },
        provider: {
          respond() {
            asked = true
          },
        },
      }
      const { status, body } = await runOverLoopback(compilerOf(stages, logged))
      expect(status).toBe(500)
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'plugin_error' } })
      expect(body).not.toContain('secret detail')
      expect(asked).toBe(false)
      expect(logged).toEqual([expect.objectContaining({ fields: expect.objectContaining({ plugin: name }) })])
    }
  })

  it('answers a Denied with its status, code, message and details', async () => {
    const denied = new Denied('request_limited', 'slow down', {
      scope: 'team',
      limit: 5,
      retryAfterSeconds: 2.2,
    })
    const { status, headers, body } = await runOverLoopback(
      compilerOf({ budget: { onCall: () => Promise.reject(denied) } }),
    )
    expect(status).toBe(429)
    expect(headers['retry-after']).toBe('3')
    expect(JSON.parse(body)).toMatchObject({
      error: { type: 'request_limited', message: 'slow down', scope: 'team', limit: 5 },
    })
  })

  it('refuses a malformed body only after the caller is known', async () => {
    const compiler = compilerOf({})
    expect((await runOverLoopback(compiler, { body: '{', authorization: 'Bearer nobody' })).status).toBe(401)
    expect((await runOverLoopback(compiler, { body: '{' })).status).toBe(400)
  })

  it('stops an upstream request that an onUpstream hook refused, also when the provider stage tries again', async () => {
    let sent = 0
    const outcomes: Outcome[] = []
    const definitions = stubDefinitions({
      auth: { ...stubAuth, onComplete: (_call, outcome) => void outcomes.push(outcome) },
      'header-filter': {
        onUpstream() {
          throw new Denied('compliance_violation')
        },
      },
    })
    const compiler = new PipelineCompiler(
      {
        ...definitions,
        builtins: {
          ...definitions.builtins,
          provider: {
            ...definitions.builtins.provider,
            setup: (_config, host) => ({
              async respond(call) {
                for (let attempt = 0; attempt < 2; attempt++) {
                  try {
                    await host.prepareUpstream(call, {
                      provider: 'p',
                      model: 'm',
                      headers: {},
                      body: call.body,
                    })
                    sent++
                  } catch (error) {
                    if (attempt === 1) throw error
                  }
                }
              },
            }),
          },
        },
      },
      stubHost(),
    )
    const { status } = await runOverLoopback(compiler)
    expect({ status, sent }).toEqual({ status: 403, sent: 0 })
    expect(outcomes).toEqual([expect.objectContaining({ outcome: 'denied', refusedBy: 'header-filter' })])
  })

  it('ends a streamed answer that a plugin stops with an error event', async () => {
    const outcomes: Outcome[] = []
    const stages: StubStages = {
      audit: {
        onComplete: (_call, outcome) => void outcomes.push(outcome),
        onChunk(_call, chunk) {
          if (chunk.includes('bad')) throw new Denied('compliance_violation', 'stopped')
          return chunk
        },
      },
      provider: {
        respond(call) {
          call.reply.start(200, { 'content-type': 'text/event-stream' })
          call.reply.write(Buffer.from('data: good\n\n'))
          call.reply.write(Buffer.from('data: bad\n\n'))
          call.reply.end()
        },
      },
    }
    const { body } = await runOverLoopback(compilerOf(stages))
    expect(body).toMatch(/^data: good\n\ndata: \{"error":\{"type":"compliance_violation","message":"stopped"/)
    expect(body).not.toContain('bad')
    expect(outcomes).toEqual([
      expect.objectContaining({ outcome: 'failed', errorCode: 'compliance_violation' }),
    ])
  })

  it('completes every plugin exactly once, whatever any of them does', async () => {
    const behaviour = fc.constantFrom('pass', 'deny', 'throw', 'wait', 'reject', 'wait then deny')
    const ending = fc.constantFrom('pass', 'throw', 'reject', 'wait')
    const answer = fc.constantFrom('send', 'nothing', 'throw', 'wait', 'half', 'caller leaves')
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { minLength: 5, maxLength: 5 }),
        fc.array(ending, { minLength: 6, maxLength: 6 }),
        answer,
        async (behaviours, endings, answering) => {
          const completed: string[] = []
          const outcomes: Outcome[] = []
          const leaving = Promise.withResolvers<void>()
          const stages: StubStages = {}
          builtinNames.forEach((name, index) => {
            const hooks: BuiltinHooks = {
              onComplete(_call, outcome) {
                completed.push(name)
                if (name === 'auth') outcomes.push(outcome)
                return act(endings[index] ?? 'pass')
              },
            }
            if (name === 'provider') hooks.respond = (call) => respond(answering, call, leaving.resolve)
            else
              hooks.onCall = (call) => {
                if (name === 'auth') stubAuth.onCall?.(call)
                return act(behaviours[index] ?? 'pass')
              }
            stages[name] = hooks
          })
          await runOverLoopback(compilerOf(stages), { leave: leaving.promise })
          expect(completed).toEqual([...builtinNames].reverse())
          expect(outcomes).toHaveLength(1)
          const isRefused = behaviours.some((one) => one !== 'pass' && one !== 'wait')
          if (isRefused) expect(outcomes[0]?.outcome).not.toBe('succeeded')
        },
      ),
      { numRuns: 300 },
    )
  })
})

function act(behaviour: string): void | Promise<void> {
  if (behaviour === 'deny') throw new Denied('model_blocked')
  if (behaviour === 'throw') throw new Error('bug')
  if (behaviour === 'reject') return Promise.reject(new Error('bug'))
  if (behaviour === 'wait') return new Promise((resolve) => setImmediate(resolve))
  if (behaviour === 'wait then deny') {
    return new Promise((_, reject) => setImmediate(() => reject(new Denied('model_blocked'))))
  }
}

function respond(answering: string, call: BuiltinCall, leave: () => void): void | Promise<void> {
  if (answering === 'throw') throw new Error('bug')
  if (answering === 'nothing') return
  if (answering === 'half') {
    call.reply.start(200, { 'content-type': 'application/json' })
    throw new Denied('provider_error')
  }
  if (answering === 'caller leaves') {
    leave()
    return new Promise((_, reject) => call.reply.onAbort(() => reject(new Error('aborted'))))
  }
  const send = () => call.reply.send(200, {}, Buffer.from('{}'))
  if (answering === 'wait') return new Promise<void>((resolve) => setImmediate(resolve)).then(send)
  send()
}
