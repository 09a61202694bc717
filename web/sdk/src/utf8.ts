/**
 * Reads UTF-8 that arrives in pieces, for places without TextDecoder. A
 * sequence cut between two pieces is kept for the next; broken ones become
 * U+FFFD.
 */
export class Utf8Reader {
  private rest: number[] = [];

  read(piece: Uint8Array): string {
    const bytes = [...this.rest, ...piece];
    this.rest = [];
    let out = '';
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i]!;
      const length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
      if (length === 0) {
        out += '\ufffd';
        i++;
        continue;
      }
      let code = length === 1 ? first : first & (0xff >> (length + 1));
      let at = 1;
      while (at < length && i + at < bytes.length && (bytes[i + at]! & 0xc0) === 0x80) code = (code << 6) | (bytes[i + at++]! & 0x3f);
      if (at < length && i + at === bytes.length) {
        this.rest = bytes.slice(i);
        break;
      }
      const least = [0, 0, 0x80, 0x800, 0x10000][length]!;
      const whole = at === length && code >= least && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      out += whole ? String.fromCodePoint(code) : '\ufffd';
      i += whole ? length : at;
    }
    return out;
  }
}
