/** The formats a browser may record in, the best first. */
const formats = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus', 'audio/webm'];

const endings: Record<string, string> = { 'audio/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg' };

/** One voice message being spoken: microphone, level meter, result. Used once. */
export class Recording {
  /** Nobody listens to more. */
  static readonly longestMs = 120_000;

  private readonly tick: (level: number, elapsedMs: number) => void;
  private stream: MediaStream | null = null;
  private recorder: MediaRecorder | null = null;
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly pieces: Blob[] = [];
  private began = 0;
  private over = false;

  /** tick hears, ten times a second, how loud it is (0 to 1) and for how long it runs. */
  constructor(tick: (level: number, elapsedMs: number) => void) {
    this.tick = tick;
  }

  /** Asks for the microphone and begins. Throws what getUserMedia throws. */
  async start(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    if (this.over) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    const mimeType = formats.find((f) => MediaRecorder.isTypeSupported(f));
    this.recorder = new MediaRecorder(stream, { ...(mimeType ? { mimeType } : {}), audioBitsPerSecond: 32_000 });
    this.recorder.ondataavailable = (e) => e.data.size > 0 && this.pieces.push(e.data);
    this.recorder.start(1_000);
    this.began = performance.now();
    this.meter(stream);
  }

  /** Ends it and gives what was said. */
  async stop(): Promise<{ file: Blob; name: string; ms: number }> {
    const recorder = this.recorder;
    if (!recorder) throw new Error('nothing was recorded');
    const ms = performance.now() - this.began;
    if (recorder.state !== 'inactive') {
      await new Promise<void>((done) => {
        recorder.onstop = () => done();
        recorder.stop();
      });
    }
    this.release();
    const type = recorder.mimeType.split(';')[0] || 'audio/webm';
    return { file: new Blob(this.pieces, { type }), name: `voice-${Math.round(ms / 1000)}s.${endings[type] ?? 'webm'}`, ms };
  }

  /** Throws it away and lets the microphone go. Safe to call at any time. */
  drop(): void {
    this.over = true;
    if (this.recorder && this.recorder.state !== 'inactive') this.recorder.stop();
    this.release();
  }

  private meter(stream: MediaStream): void {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 512;
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
      this.tick(Math.min(1, loudness * 5), performance.now() - this.began);
    }, 100);
  }

  private release(): void {
    clearInterval(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    void this.context?.close().catch(() => {});
    this.context = null;
  }
}
