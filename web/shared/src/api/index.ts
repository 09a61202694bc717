export * from './client.ts'
export * from './problem.ts'
export * from './wire.ts'
export type { components } from './openapi.ts'
