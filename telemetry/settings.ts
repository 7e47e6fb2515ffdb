/** Where traces and metrics go. */
export interface TelemetrySettings {
  /** The collector's OTLP/HTTP address without a trailing slash; `/v1/traces` and `/v1/metrics` are below it. */
  readonly endpoint: string
  /** Sent with every export; they may carry the collector's credentials. */
  readonly headers: Readonly<Record<string, string>>
}

interface Source {
  readonly endpoint: string | undefined
  readonly headers: string | undefined
}

/**
 * Reads OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS (`name=value,name=value`, values percent-encoded).
 *
 * @param problems what is wrong is added here, without values.
 * @returns undefined when no collector is named: then nothing is measured for one.
 */
export function readTelemetry(source: Source, problems: string[]): TelemetrySettings | undefined {
  const headers = readHeaders(source.headers?.trim() ?? '')
  if (!headers) problems.push('OTEL_EXPORTER_OTLP_HEADERS must be a list such as name=value,name=value')
  const text = source.endpoint?.trim()
  if (!text) return undefined
  const url = URL.parse(text)
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!url || !isHttp || url.username !== '' || url.password !== '') {
    problems.push(
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL of OTLP/HTTP without credentials, such as http://127.0.0.1:4318',
    )
    return undefined
  }
  return Object.freeze({ endpoint: url.href.replace(/\/+$/, ''), headers: headers ?? {} })
}

function readHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [, name, value] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    if (name === undefined || value === undefined) return undefined
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value)
    } catch {
      return undefined
    }
  }
  return headers
}
