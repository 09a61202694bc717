export * from './connection.ts'
export * from './follower.ts'
