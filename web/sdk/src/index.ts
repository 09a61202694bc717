export { Chat, type ChatEvents, type ChatOptions, type ChatState } from './chat.ts';
export { YingdaError, type ErrorKind } from './error.ts';
export {
  browserHost,
  memoryStorage,
  randomID,
  webStorage,
  type Host,
  type HttpAnswer,
  type KeyValue,
  type Socket,
  type Timer,
} from './host.ts';
export type { Transport } from './link.ts';
export * from './protocol.ts';
export type { MessageState, ShownMessage } from './shown.ts';
export { wxHost, type Wx } from './wx.ts';
