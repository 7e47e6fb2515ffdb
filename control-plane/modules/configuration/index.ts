export { startHistoryPruning } from './pruning.ts'
export { type ConfigurationVersion, readConfigurationVersion } from './service.ts'
