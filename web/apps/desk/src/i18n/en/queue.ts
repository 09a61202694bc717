import type { queue as chinese } from '../zh-CN/queue.ts'

export const queue: typeof chinese = {
  queue: {
    status: { online: 'Online', busy: 'Busy', break: 'On a break', offline: 'Offline' },
    automatically: '{status} (auto)',
    presence: 'My presence',
    follow: 'Automatic',
    takeBreak: 'Take a break…',
    endShift: 'End shift',
    handOver: 'Transfer or escalate',
    transferTitle: 'Transfer…',
    escalateTitle: 'Escalate…',
  },
}
