import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { otherCore } from './processes.ts'

/** What one run of the load generator saw. */
export interface Load {
  readonly calls: number
  readonly callsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Virtual keys whose secrets are a prefix and a number, from 0. */
export interface KeySeries {
  readonly prefix: string
  readonly count: number
}

export interface LoadRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly keys?: KeySeries | undefined
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

const graceMs = 20_000
const resultMark = 'bench-result '

/** Keeps `connections` calls in flight for that long. @throws when a call failed: a ratio of errors is worth nothing. */
export async function runLoad(request: LoadRequest): Promise<Load> {
  const { url, connections, seconds } = request
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  try {
    const script = join(folder, 'call.lua')
    writeFileSync(script, luaScript(request))
    const output = await run(
      [
        'wrk',
        '--threads=1',
        `--connections=${connections}`,
        `--duration=${seconds}s`,
        '--timeout=10s',
        `--script=${script}`,
        url,
      ],
      seconds * 1_000 + graceMs,
    )
    return parseResult(output, url)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function luaScript({ headers, body, keys }: LoadRequest): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${luaString(name)}] = ${luaString(value)}`,
  )
  return `
wrk.method = "POST"
wrk.body = ${luaString(body)}
${lines.join('\n')}
${keys ? takeTurns(keys) : ''}
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('${resultMark}{"calls":%d,"micros":%d,"p50":%f,"p99":%f,"failed":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`
}

/** Each call bears the next key, so that a key's calls are as far apart as they can be. */
function takeTurns({ prefix, count }: KeySeries): string {
  return `
local next = 0
function request()
  wrk.headers["authorization"] = "Bearer " .. ${luaString(prefix)} .. next
  next = (next + 1) % ${count}
  return wrk.format()
end`
}

/** Every byte by its number, so that nothing in it can end the literal. */
function luaString(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`
}

function parseResult(output: string, url: string): Load {
  const line = output.split('\n').find((text) => text.startsWith(resultMark))
  if (!line) throw new Error(`wrk gave no result for ${url}:\n${output}`)
  const { calls, micros, p50, p99, failed } = JSON.parse(line.slice(resultMark.length))
  if (failed > 0) throw new Error(`${failed} of ${calls} calls to ${url} failed:\n${output}`)
  return {
    calls,
    callsPerSecond: (calls / micros) * 1_000_000,
    p50Ms: p50 / 1_000,
    p99Ms: p99 / 1_000,
  }
}

function run(command: readonly string[], limitMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', String(otherCore), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`wrk ended with ${code ?? 'its time limit'}:\n${output}`))
    })
  })
}
