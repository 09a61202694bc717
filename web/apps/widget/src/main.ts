import { createApp } from 'vue';
import App from './App.vue';
import { useChat } from './chat.ts';
import { fetchRest } from './late.ts';
import { previewing, query } from './parent.ts';
import { dress, paint } from './theme.ts';
import './style/base.css';
import './style/frame.css';
import './style/messages.css';
import './style/parts.css';
import './style/composer.css';

dress(query.get('theme'));
paint(query.get('color'));

async function begin(): Promise<void> {
  const desk = previewing ? (await import('./preview.ts')).usePreview() : useChat();
  createApp(App, { desk }).mount('#app');
  setTimeout(fetchRest, 2_000);
}
void begin();
