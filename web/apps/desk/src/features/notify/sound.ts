let audio: AudioContext | undefined
let last = 0

/** Two soft notes, made here, at most one pair in two seconds. Silent until the person has touched the page once. */
export function chime(): void {
  if (Date.now() - last < 2000) return
  last = Date.now()
  try {
    audio ??= new AudioContext()
    void audio.resume()
    const gain = audio.createGain()
    gain.connect(audio.destination)
    const start = audio.currentTime
    gain.gain.setValueAtTime(0.0001, start)
    gain.gain.exponentialRampToValueAtTime(0.08, start + 0.02)
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.5)
    for (const [at, pitch] of [
      [0, 660],
      [0.12, 880],
    ] as const) {
      const tone = audio.createOscillator()
      tone.frequency.value = pitch
      tone.connect(gain)
      tone.start(start + at)
      tone.stop(start + 0.5)
    }
  } catch {
    // a browser without sound
  }
}
