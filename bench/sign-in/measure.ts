import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { Browser } from '../../test/environment/browser.ts'
import { percentile } from '../lists/measure.ts'
import type { Scene } from './scene.ts'

type Once = (index: number) => Promise<unknown>

export interface Times {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

/** How long the control plane has waited for others; the browser, which asks by `fetch`, is not among them. */
let waitedMs = 0
const began = new WeakMap<object, number>()
subscribe('http.client.request.start', (message) => {
  began.set((message as Exchange).request, performance.now())
})
subscribe('http.client.response.finish', (message) => {
  waitedMs += performance.now() - (began.get((message as Exchange).request) ?? performance.now())
})

interface Exchange {
  readonly request: ClientRequest
}

/**
 * From the identity provider's answer in the browser to the session's cookie, without what the control plane waits for the
 * provider meanwhile.
 */
export async function measureCallbacks(
  scene: Scene,
  people: number,
): Promise<{ times: Times; browsers: Browser[] }> {
  const milliseconds: number[] = []
  const browsers: Browser[] = []
  for (let number = 0; number < people; number++) {
    const browser = new Browser()
    const stopAt = (url: string) => url.startsWith(scene.callbackUrl)
    const { url } = await browser.visit(scene.loginUrl, { login: `person-${number}`, stopAt })
    const [start, before] = [performance.now(), waitedMs]
    const response = await browser.request(url)
    milliseconds.push(performance.now() - start - (waitedMs - before))
    await response.body?.cancel()
    if (browser.cookiesOf(scene.url).size === 0) throw new Error(`nobody was signed in: ${response.status}`)
    browsers.push(browser)
  }
  return { times: timesOf(milliseconds), browsers }
}

export async function measureEach(count: number, once: Once): Promise<Times> {
  const milliseconds: number[] = []
  for (let index = 0; index < count; index++) milliseconds.push(await timeOf(once, index))
  return timesOf(milliseconds)
}

/** Of two that take turns, so that both meet the same machine. */
export async function measureTurns(count: number, first: Once, second: Once): Promise<[Times, Times]> {
  const milliseconds: [number[], number[]] = [[], []]
  for (let index = 0; index < count; index++) {
    milliseconds[0].push(await timeOf(first, index))
    milliseconds[1].push(await timeOf(second, index))
  }
  return [timesOf(milliseconds[0]), timesOf(milliseconds[1])]
}

async function timeOf(once: Once, index: number): Promise<number> {
  const start = performance.now()
  await once(index)
  return performance.now() - start
}

function timesOf(milliseconds: readonly number[]): Times {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const rounded = (share: number) => Number(percentile(sorted, share).toFixed(2))
  return { p50Ms: rounded(0.5), p95Ms: rounded(0.95), p99Ms: rounded(0.99) }
}
