/** The look of a label's colour. A name is always beside it, so colour is never the only sign. */
export const labelDot: Record<string, string> = {
  emerald: 'bg-primary',
  slate: 'bg-inverted',
  amber: 'bg-warning',
  red: 'bg-error',
  blue: 'bg-info',
  violet: 'bg-note',
  teal: 'bg-label-teal',
  pink: 'bg-label-pink',
}
