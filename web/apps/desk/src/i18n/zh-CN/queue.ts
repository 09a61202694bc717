export const queue = {
  queue: {
    status: { online: '在线', busy: '忙碌', break: '小休', offline: '离线' },
    automatically: '{status}（自动）',
    presence: '我的状态',
    follow: '自动判断',
    takeBreak: '小休…',
    endShift: '下班',
    handOver: '转接或升级',
    transferTitle: '转接…',
    escalateTitle: '升级…',
  },
}
