/** The members of a JSON object that a caller sent. */
export type Members = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a member says something: one that is null or false is as good as none. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}
