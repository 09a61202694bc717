export * from './parse.ts'
export * from './MarkdownText.ts'
