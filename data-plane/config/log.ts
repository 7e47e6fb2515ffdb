/** The part of a pino logger that following the configuration uses. */
export interface ConfigurationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
