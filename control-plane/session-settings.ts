import { defaultSessionSettings, type SessionSettings } from './sessions/sessions.ts'
import { wholeNumberOf } from './whole-number.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

const sessionStores = ['database', 'redis', 'memory'] as const

/** How long people stay signed in, how often at once, and where that is kept. */
export interface StoredSessionSettings extends SessionSettings {
  readonly store: (typeof sessionStores)[number]
}

export const defaultStoredSessionSettings: StoredSessionSettings = {
  ...defaultSessionSettings,
  store: 'database',
}

/** Notes every mistake in `problems`. */
export function readSessionSettings(
  source: Readonly<Record<string, string | undefined>>,
  problems: string[],
): StoredSessionSettings {
  const preset = defaultStoredSessionSettings
  const choice = <T extends string>(name: string, choices: readonly T[], otherwise: T): T => {
    const value = choices.find((one) => one === (source[name] || otherwise))
    if (value === undefined) problems.push(`${name} must be one of ${choices.join(', ')}`)
    return value ?? otherwise
  }
  const whole = (name: string, otherwise: number, most: number): number =>
    wholeNumberOf(source, name, { preset: otherwise, most }, problems)
  return {
    store: choice('SESSION_STORE', sessionStores, preset.store),
    idleMs: whole('SESSION_IDLE_MINUTES', preset.idleMs / minuteMs, 1_440) * minuteMs,
    absoluteMs: whole('SESSION_HOURS', preset.absoluteMs / hourMs, 720) * hourMs,
    checkMs: whole('SESSION_CHECK_MINUTES', preset.checkMs / minuteMs, 1_440) * minuteMs,
    mostPerUser: whole('SESSIONS_PER_USER', preset.mostPerUser, 1_000),
    whenFull: choice('SESSION_WHEN_FULL', ['evict', 'reject'], preset.whenFull),
  }
}
