import { ContractViolation } from '../../contract/validation.ts'

/** Why a document of the control plane is not used. The message is shown to operators, on both planes. */
export class ConfigurationRefused extends Error {
  override readonly name = 'ConfigurationRefused'
}

/** What is offered may be had again: nothing is wrong with it but that nobody has confirmed it lately. */
export class StaleOffer extends ConfigurationRefused {}

/** Runs a parser; a violation becomes a refusal, one that names the format where that is what differs. */
export function parseOrRefuse<T>(
  what: string,
  json: string,
  expectedFormat: number,
  parse: (json: string) => T,
): T {
  try {
    return parse(json)
  } catch (error) {
    throw refusalOf(error, what, json, expectedFormat)
  }
}

/** The refusal that a violation becomes; any other error is itself. */
export function refusalOf(error: unknown, what: string, json: string, expectedFormat: number): unknown {
  if (!(error instanceof ContractViolation)) return error
  const format = formatOf(json)
  if (format === undefined || format === expectedFormat) return new ConfigurationRefused(error.message)
  return new ConfigurationRefused(
    `${what} has the unknown format ${format}: this data plane reads format ${expectedFormat}; upgrade it`,
  )
}

function formatOf(json: string): string | number | undefined {
  try {
    const document: unknown = JSON.parse(json)
    if (typeof document !== 'object' || document === null || !('format' in document)) return undefined
    const { format } = document
    return typeof format === 'number' ? format : JSON.stringify(format).slice(0, 32)
  } catch {
    return undefined
  }
}
