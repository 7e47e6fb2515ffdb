export { type ConfigurationVersion, readConfigurationVersion } from './service.ts'
