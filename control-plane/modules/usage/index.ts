export { type UsageRecord, UsageRecordEntity } from './entity.ts'
export { startMinutePruning } from './pruning.ts'
export { recordUsage } from './record.ts'
export { startSumming } from './unsummed.ts'
