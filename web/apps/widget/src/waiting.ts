/** When somebody may be called: at once, or a half day that is still to come, in the visitor's own time. */
export interface CallTime {
  from?: string;
  to?: string;
  tomorrow?: boolean;
}

export function callTimes(now: Date): CallTime[] {
  const slot = (days: number, from: number, to: number): CallTime => {
    const at = (hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour).toISOString();
    return { from: at(from), to: at(to), tomorrow: days > 0 };
  };
  const today = [slot(0, 9, 12), slot(0, 14, 18)].filter((s) => Date.parse(s.from ?? '') > now.getTime());
  return [{}, ...today, slot(1, 9, 12), slot(1, 14, 18)];
}
