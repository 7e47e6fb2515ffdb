import type { ConfigurationDisk, Save } from './disk.ts'
import type { ConfigurationLog } from './log.ts'

/** Whether what runs is on disk. A full disk must not keep a revocation from being applied: saving is tried again. */
export class SavedConfiguration {
  readonly #disk: ConfigurationDisk
  readonly #log: ConfigurationLog
  #isWhole = true

  constructor(disk: ConfigurationDisk, log: ConfigurationLog) {
    this.#disk = disk
    this.#log = log
  }

  /** What is wrong with it, for operators; null when all is well. */
  get problem(): string | null {
    return this.#isWhole ? null : 'the configuration could not be saved to disk; see the log'
  }

  async save({ deltas, ...save }: Save): Promise<void> {
    try {
      await this.#disk.save({ ...save, deltas: this.#isWhole ? deltas : undefined })
      this.#isWhole = true
    } catch (error) {
      if (this.#isWhole) this.#log.error({ err: error }, 'the configuration could not be saved')
      this.#isWhole = false
    }
  }
}
