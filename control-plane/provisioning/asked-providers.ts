import type { IdentityProvider, RelyingParties } from '../modules/identity-providers/index.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { Refreshed } from '../sign-in/relying-party.ts'

const reachLimitMs = 5_000
const mostInVain = 3

export interface AskedFor {
  readonly issuer: string
  readonly subject: string
}

/**
 * The identity providers within one round of checks. One that does not answer is not waited for again and again: its
 * sessions would hold up those of all others.
 */
export class AskedProviders {
  readonly #relyingParties: RelyingParties
  /** By the provider's id. */
  readonly #reached = new Map<string, Promise<void>>()
  /** How often in a row each did not answer. */
  readonly #inVain = new Map<string, number>()
  readonly #failed = new Set<string>()

  constructor(relyingParties: RelyingParties) {
    this.#relyingParties = relyingParties
  }

  /** @throws SignInRefused when the provider cannot be asked, or could not be in this round */
  async refresh(
    provider: IdentityProvider,
    refreshToken: string,
    expected: AskedFor,
  ): Promise<Refreshed | { readonly refused: string }> {
    await this.#reach(provider)
    const inVain = this.#inVain.get(provider.id) ?? 0
    if (inVain >= mostInVain) throw unavailable('The identity provider did not answer several times')
    try {
      const answer = await this.#relyingParties.of(provider).refresh(refreshToken, expected)
      this.#inVain.delete(provider.id)
      return answer
    } catch (error) {
      const isAway = error instanceof SignInRefused && error.code === 'provider_unavailable'
      if (isAway) this.#inVain.set(provider.id, (this.#inVain.get(provider.id) ?? 0) + 1)
      else this.#inVain.delete(provider.id)
      throw error
    }
  }

  /** Whether it is the first failure of the provider in this round: one that is away fails for each of its sessions. */
  isNews({ id }: IdentityProvider): boolean {
    const isNews = !this.#failed.has(id)
    this.#failed.add(id)
    return isNews
  }

  #reach(provider: IdentityProvider): Promise<void> {
    const known = this.#reached.get(provider.id)
    if (known) return known
    const reached = within(reachLimitMs, this.#relyingParties.of(provider).reach())
    this.#reached.set(provider.id, reached)
    return reached
  }
}

function unavailable(message: string): SignInRefused {
  return new SignInRefused('provider_unavailable', message)
}

/** Nothing is used up by what is no longer waited for. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unavailable('The identity provider did not answer in time')), limitMs)
  try {
    await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
