import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { AdmissionGate } from './gate.ts'

const lookEveryMs = 100
const sampleEveryMs = 10
const msPerNanosecond = 1e-6

/** Tells the gate ten times a second how this process fares. @returns ends it */
export function watchEventLoop(gate: AdmissionGate): () => void {
  const delays = monitorEventLoopDelay({ resolution: sampleEveryMs })
  delays.enable()
  let before = performance.eventLoopUtilization()
  let lookedAtMs = performance.now()
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    const nowMs = performance.now()
    const lateMs = nowMs - lookedAtMs - lookEveryMs
    lookedAtMs = nowMs
    // Without a sample this look itself was all that had a turn.
    const waitMs = delays.count === 0 ? lateMs : delays.percentile(50) * msPerNanosecond - sampleEveryMs
    delays.reset()
    gate.look({ waitMs, idle: 1 - utilization })
  }, lookEveryMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    delays.disable()
  }
}
