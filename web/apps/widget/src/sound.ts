import { ref } from 'vue';
import { recall, remember } from './memory.ts';

const key = 'yingda/muted';

/** The visitor's own switch. */
export const muted = ref(recall(key) === '1');

export function switchSound(): void {
  muted.value = !muted.value;
  remember(key, muted.value ? '1' : '0');
  if (!muted.value) chime();
}

let context: AudioContext | null = null;

/** Two short soft tones, made here: nothing is loaded. Browsers that want a gesture first stay silent. */
export function chime(): void {
  if (muted.value || typeof AudioContext === 'undefined') return;
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume().catch(() => {});
    const begin = context.currentTime + 0.02;
    for (const [i, hertz] of [659.25, 880].entries()) {
      const tone = context.createOscillator();
      const loudness = context.createGain();
      const from = begin + i * 0.11;
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(0.0001, from);
      loudness.gain.exponentialRampToValueAtTime(0.09, from + 0.015);
      loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.32);
      tone.connect(loudness).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.34);
    }
  } catch {
    // No audio device, or too many contexts on the page.
  }
}
