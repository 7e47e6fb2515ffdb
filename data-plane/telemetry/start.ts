import { openTelemetry, type TelemetryOptions } from '../../telemetry/open.ts'
import { CallTelemetry } from './call-telemetry.ts'

/** Loaded only where a collector is named. */
export function startCallTelemetry(options: Omit<TelemetryOptions, 'serviceName'>): CallTelemetry {
  return new CallTelemetry(openTelemetry({ ...options, serviceName: 'gatehouse-data-plane' }))
}
