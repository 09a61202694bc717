// Asks the desk and waits for the answer: node examples/node/ask.mjs 你好
// Node 20 has no WebSocket, so news arrives by stream there; from Node 22 on by socket.
import { Chat } from '../../web/sdk/dist/index.js';

const chat = new Chat({
  endpoint: process.env.YINGDA_URL ?? 'http://127.0.0.1:8080',
  channelKey: process.env.YINGDA_KEY ?? 'chk_demo',
  locale: 'zh-CN',
});

chat.on('messages', (list) => {
  const last = list.at(-1);
  if (last?.state === 'failed') {
    console.error(last.error?.message);
    process.exitCode = 1;
    chat.stop();
  }
});
chat.on('message', (m) => {
  console.log(`${m.author.name ?? m.author.kind}: ${m.parts.map((p) => p.text ?? p.type).join(' ')}`);
  chat.stop();
});

await chat.start();
chat.send(process.argv[2] ?? 'Hello from Node');
console.log(`waiting for an answer (${chat.transport}) …`);
