import { start, type Command } from './chat.ts';

type Queue = ((...command: Command) => void) & { q?: IArguments[] | Command[]; ready?: boolean };

const script = (document.currentScript ?? document.querySelector('script[data-channel-key]')) as HTMLScriptElement | null;
const page = window as unknown as { yingda?: Queue };

// A page that pastes the line twice still gets one chat.
if (script?.dataset.channelKey && !page.yingda?.ready) {
  const waiting = page.yingda?.q ?? [];
  const run = start({
    key: script.dataset.channelKey,
    base: new URL('.', script.src).href,
    locale: script.dataset.locale,
    color: script.dataset.color,
    position: script.dataset.position,
    theme: script.dataset.theme,
  });
  const api: Queue = (...command) => run(command);
  api.ready = true;
  page.yingda = api;
  for (const command of waiting) run(Array.from(command) as Command);
}
