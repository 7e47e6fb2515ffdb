export { type Catalogue, catalogueNames } from './catalogue.ts'
export { type Model, ModelEntity } from './entity.ts'
export { listModelKeys, seedModels } from './seed.ts'
export { CatalogueType, ModelType } from './types.ts'
