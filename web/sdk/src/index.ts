export { browserHost } from './browser.ts';
export { Chat } from './chat.ts';
export { YingdaError, type ErrorKind } from './error.ts';
export {
  memoryStorage,
  randomID,
  webStorage,
  type Aborting,
  type FileSource,
  type Host,
  type HttpAnswer,
  type KeyValue,
  type Socket,
  type StreamEvents,
  type Timer,
  type UploadRequest,
} from './host.ts';
export type { Transport } from './link.ts';
export type { ChatEvents, ChatOptions, ChatState } from './options.ts';
export * from './protocol.ts';
export type { MessageState, ShownMessage } from './shown.ts';
export { reactNativeHost, type ReactNativeParts } from './reactnative.ts';
export { wxHost, type Wx } from './wx.ts';
export type { Consent } from './tracker.ts';
export type { UploadOptions } from './upload.ts';
