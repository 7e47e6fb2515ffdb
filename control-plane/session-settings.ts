export const sessionStores = ['database', 'redis', 'memory'] as const

/** How long people stay signed in, how often at once, and where that is kept. */
export interface SessionSettings {
  readonly store: (typeof sessionStores)[number]
  readonly idleMinutes: number
  readonly hours: number
  readonly perUser: number
  /** What becomes of one more. */
  readonly whenFull: 'evict' | 'reject'
}

export const defaultSessionSettings: SessionSettings = {
  store: 'database',
  idleMinutes: 30,
  hours: 12,
  perUser: 10,
  whenFull: 'evict',
}

/** Notes every mistake in `problems`. */
export function readSessionSettings(
  source: Readonly<Record<string, string | undefined>>,
  problems: string[],
): SessionSettings {
  const preset = defaultSessionSettings
  const store = sessionStores.find((one) => one === (source.SESSION_STORE || preset.store))
  if (!store) problems.push(`SESSION_STORE must be one of ${sessionStores.join(', ')}`)
  const whenFull = source.SESSION_WHEN_FULL || preset.whenFull
  if (whenFull !== 'evict' && whenFull !== 'reject') problems.push('SESSION_WHEN_FULL must be evict or reject')
  const whole = (name: string, otherwise: number, most: number): number => {
    const value = Number(source[name] || otherwise)
    if (Number.isInteger(value) && value >= 1 && value <= most) return value
    problems.push(`${name} must be a whole number, 1 to ${most}`)
    return otherwise
  }
  return {
    store: store ?? preset.store,
    idleMinutes: whole('SESSION_IDLE_MINUTES', preset.idleMinutes, 1_440),
    hours: whole('SESSION_HOURS', preset.hours, 720),
    perUser: whole('SESSIONS_PER_USER', preset.perUser, 1_000),
    whenFull: whenFull === 'reject' ? 'reject' : 'evict',
  }
}
