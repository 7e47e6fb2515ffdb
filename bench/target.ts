import type { Case, Pace } from './cases.ts'
import { requestBody } from './cases.ts'
import type { Running } from './processes.ts'
import { type KeySeries, type Load, runLoad } from './wrk.ts'

/** Something that answers chat calls: a gateway, or the mock upstream itself. */
export interface Target {
  readonly name: string
  /** Its process; undefined where its own cost does not matter. */
  readonly process: Running | undefined
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Calls take turns with so many virtual keys; undefined: all bear the same headers. */
  readonly keys?: KeySeries
  /** Waits until nothing of a load is still being worked off, which would slow down whoever is measured next. */
  readonly settle?: () => Promise<void>
}

/** Loads the target with one kind of call. @throws Error with the target's own last words when a call failed. */
export async function loadTarget(
  target: Target,
  shape: Case,
  options: { readonly pace: Pace; readonly connections: number; readonly seconds: number },
): Promise<Load> {
  const { pace, connections, seconds } = options
  try {
    return await runLoad({
      url: target.url,
      headers: { 'content-type': 'application/json', ...target.headers },
      keys: target.keys,
      body: requestBody(shape, pace),
      connections,
      seconds,
    })
  } catch (error) {
    const said = target.process?.output() || 'nothing'
    throw new Error(`${target.name} failed in ${shape.name}; it said: ${said}`, { cause: error })
  }
}

/** One call, to see that the target answers as it must before anything is measured. */
export async function checkTarget(target: Target, shape: Case): Promise<void> {
  const response = await fetch(target.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...target.headers },
    body: requestBody(shape, 'immediate'),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  const complete = shape.stream ? text.includes('data: [DONE]') : text.includes('"chat.completion"')
  if (response.status !== 200 || !complete) {
    const said = target.process?.output() ?? ''
    throw new Error(
      `${target.name} answered ${response.status} to ${shape.name}: ${text.slice(0, 500)}\n${said}`,
    )
  }
}
